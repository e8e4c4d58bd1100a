import CSocket
import Glibc

/// A lock on a file, held until this value ends or the process does (flock).
package final class FileLock: Sendable {
  private let file: Descriptor

  /// The lock on `path`, which is created if need be; `nil` if another process has it.
  package init?(path: String) throws(TalkFailure) {
    let raw = unsafe cs_lock(path)
    guard raw >= 0 else {
      if raw == -EWOULDBLOCK { return nil }
      throw .system(operation: .lock, path: path, code: -raw)
    }
    file = Descriptor(owning: raw)
  }
}
