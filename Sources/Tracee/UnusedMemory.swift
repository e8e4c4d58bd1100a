import CPtrace

/// What reading and comparing a large program leaves to the allocator: a multiple of what is kept.
package enum UnusedMemory {
  /// Gives it back to the kernel.
  ///
  /// Not only to be small: the keeper that guards the writes of a stop is forked in the stop, which
  /// takes time for each page that we have. So this is done before it.
  package static func release() { cs_release_memory() }
}
