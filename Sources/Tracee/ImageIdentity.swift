package import VersionSpace

/// Which execve(2) a process's memory comes from.
///
/// A process ID and its start time survive an exec, also one of the same file. The 16 random bytes
/// that the kernel gives each image (`AT_RANDOM`, getauxval(3)) do not; a forked child has its
/// parent's, as it has its parent's memory.
package struct ImageIdentity: Hashable, Sendable, Codable {
  /// In hexadecimal.
  private let randomBytes: String

  /// Reads it from a process's memory.
  ///
  /// - Throws: `.gone`, and `.replaced` if `memory` is that of an earlier image.
  package init(of memory: ProcessMemory) throws(TraceeFailure) {
    guard let place = try ProcessFacts.auxiliaryVector(of: memory.pid)[25] else {
      throw .gone(pid: memory.pid)
    }
    do throws(TraceeFailure) {
      let bytes = try memory.bytes(at: TraceeAddress(rawValue: place), byteCount: 16)
      randomBytes = bytes.map { String($0, radix: 16) }.joined(separator: ".")
    } catch .fault {
      throw .replaced(pid: memory.pid)
    }
  }
}
