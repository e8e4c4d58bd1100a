import CPtrace

/// What reading and comparing a large program leaves to the allocator: a multiple of what is kept.
package enum UnusedMemory {
  /// Gives it back to the kernel.
  ///
  /// Not only to be small: before a stop a keeper may be forked, which takes time for each page that
  /// we have.
  package static func release() { cs_release_memory() }
}
