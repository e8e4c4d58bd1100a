import CPtrace
import Glibc
package import VersionSpace

extension StoppedProcess {
  /// Makes all of the writes, or none, as far as the process can ever see.
  ///
  /// Within a page one pwrite(2) cannot be torn. Several are guarded: a pending SIGSTOP keeps the
  /// process from running should we die, and a forked keeper then makes the writes and sends SIGCONT.
  /// When we live, SIGCONT takes the pending SIGSTOP away before anything ran. A process that
  /// handles SIGCONT itself would see that; its writes are not guarded.
  package mutating func writeAll(
    _ writes: [(address: TraceeAddress, bytes: [UInt8])], atStep: (String) -> Void
  ) throws(TraceeFailure) {
    let isWhole =
      writes.count <= 1 && writes.allSatisfy { Self.fitsInPage($0.address, $0.bytes.count) }
    let isParked = stops.values.contains(where: \.isGroupStop)
    guard !isWhole, !isParked, !handlesContinue() else {
      return try write(each: writes, atStep)
    }
    let list = WriteList(writes)
    var pipe: Int32 = -1
    let keeper = unsafe cs_keeper_start(pid, list.entries, writes.count, &pipe)
    guard keeper > 0 else { throw .system(operation: .spawn, code: -keeper) }
    kill(pid, SIGSTOP)
    defer {
      kill(pid, SIGCONT)
      cs_keeper_dismiss(keeper, pipe)
    }
    try write(each: writes, atStep)
  }

  private mutating func write(
    each writes: [(address: TraceeAddress, bytes: [UInt8])], _ atStep: (String) -> Void
  ) throws(TraceeFailure) {
    for write in writes {
      try self.write(write.bytes.span, at: write.address)
      atStep("one-stored")
    }
  }

  private static func fitsInPage(_ address: TraceeAddress, _ byteCount: Int) -> Bool {
    byteCount == 0 || address.rawValue / 4096 == (address.rawValue + UInt64(byteCount) - 1) / 4096
  }

  /// Whether the process has a handler for SIGCONT (`SigCgt` of proc(5)).
  private borrowing func handlesContinue() -> Bool {
    do throws(TraceeFailure) {
      return try ProcessFacts(pid: pid).catches(SIGCONT)
    } catch {
      return true
    }
  }
}

/// Writes as C sees them; lives until the keeper has its own copy.
@safe private final class WriteList {
  let entries: UnsafeMutablePointer<cs_write>
  private let bytes: UnsafeMutablePointer<UInt8>

  init(_ writes: [(address: TraceeAddress, bytes: [UInt8])]) {
    unsafe entries = .allocate(capacity: max(writes.count, 1))
    unsafe bytes = .allocate(capacity: max(writes.reduce(0) { $0 + $1.bytes.count }, 1))
    var next = unsafe bytes
    for (index, write) in writes.enumerated() {
      for (offset, byte) in write.bytes.enumerated() { unsafe next[offset] = byte }
      unsafe entries[index] = cs_write(
        address: write.address.rawValue, size: UInt64(write.bytes.count), bytes: next)
      unsafe next += write.bytes.count
    }
  }

  deinit {
    unsafe entries.deallocate()
    unsafe bytes.deallocate()
  }
}
