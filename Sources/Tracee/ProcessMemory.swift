import CPtrace
import Glibc
package import VersionSpace

/// A process's memory through `/proc/PID/mem`.
///
/// Readable and writable whether it runs or not, read-only mappings too. It is that of the image that
/// ran when it was opened: after an exec, each access throws `.replaced`.
package final class ProcessMemory: TraceeMemory, Sendable {
  package let pid: Int32
  private let descriptor: Int32

  /// - Throws: `.gone`, `.notPermitted`.
  package init(pid: Int32) throws(TraceeFailure) {
    self.pid = pid
    // A first thread that has ended while others go on has no memory to show.
    let others = try ProcessFacts.threads(of: pid).filter { $0 != pid }
    for thread in [pid] + others where !ProcessFacts.hasEnded(pid: pid, thread: thread) {
      let opened = unsafe open("/proc/\(pid)/task/\(thread)/mem", O_RDWR | O_CLOEXEC)
      if opened >= 0 {
        descriptor = opened
        return
      }
      switch errno {
      case ENOENT, ESRCH: continue
      case EACCES, EPERM: throw .notPermitted(pid: pid)
      default: throw .system(operation: .open, code: errno)
      }
    }
    throw .gone(pid: pid)
  }

  deinit { close(descriptor) }

  package func read(
    at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>
  ) throws(TraceeFailure) {
    let count = buffer.count
    guard count > 0 else { return }
    guard let offset = Int(exactly: address.rawValue) else {
      throw .fault(at: address, byteCount: count)
    }
    let result = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe pread(descriptor, bytes.baseAddress, count, offset)
    }
    guard result == count else { throw failure(result, at: address, byteCount: count) }
  }

  /// One pwrite(2): within a page it is never torn, not even by our own death.
  package func write(_ bytes: Span<UInt8>, at address: TraceeAddress) throws(TraceeFailure) {
    guard bytes.count > 0 else { return }
    guard let offset = Int(exactly: address.rawValue) else {
      throw .fault(at: address, byteCount: bytes.count)
    }
    let result = unsafe bytes.withUnsafeBytes { source in
      unsafe pwrite(descriptor, source.baseAddress, source.count, offset)
    }
    guard result == bytes.count else {
      throw failure(result, at: address, byteCount: bytes.count)
    }
  }

  /// Throws `.replaced` or `.gone` if the process has other memory by now, or none.
  package func checkIsCurrent() throws(TraceeFailure) {
    var byte: UInt8 = 0
    // Nothing is mapped at 0, which memory that is there says by an error.
    let result = unsafe pread(descriptor, &byte, 1, 0)
    if result == 0 { throw failure(result, at: TraceeAddress(rawValue: 0), byteCount: 1) }
  }

  /// Memory that is no more reads as a file that has ended (Linux `fs/proc/base.c`, `mem_rw`).
  private func failure(_ result: Int, at address: TraceeAddress, byteCount: Int) -> TraceeFailure {
    guard result == 0 else { return .fault(at: address, byteCount: byteCount) }
    do throws(TraceeFailure) {
      let hasEnded = try ProcessFacts.threads(of: pid)
        .allSatisfy { ProcessFacts.hasEnded(pid: pid, thread: $0) }
      return hasEnded ? .gone(pid: pid) : .replaced(pid: pid)
    } catch {
      return error
    }
  }
}
