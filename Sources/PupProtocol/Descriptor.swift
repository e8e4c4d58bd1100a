import Glibc

/// An open file descriptor that is closed exactly once.
package struct Descriptor: ~Copyable, Sendable {
  /// The number, valid as long as this value lives.
  package let rawValue: Int32

  package init(owning rawValue: Int32) { self.rawValue = rawValue }

  deinit { close(rawValue) }
}
