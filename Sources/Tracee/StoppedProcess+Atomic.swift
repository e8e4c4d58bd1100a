import CPtrace
import Glibc
package import VersionSpace

extension StoppedProcess {
  /// Makes all of the writes, or none, as far as the process can ever see.
  ///
  /// Within a page one pwrite(2) cannot be torn. Several are guarded: a pending SIGSTOP keeps the
  /// process from running should we die, and a keeper then makes the writes and sends SIGCONT. When we
  /// live, SIGCONT takes the pending SIGSTOP away before anything ran. A process that handles SIGCONT
  /// itself would see that; its writes are not guarded.
  package mutating func writeAll(
    _ writes: [(address: TraceeAddress, bytes: [UInt8])], atStep: (String) -> Void
  ) throws(TraceeFailure) {
    let isWhole =
      writes.count <= 1 && writes.allSatisfy { Self.fitsInPage($0.address, $0.bytes.count) }
    let isParked = held.contains(where: \.stop.isGroupStop)
    guard !isWhole, !isParked, !handlesContinue() else {
      return try write(each: writes, atStep)
    }
    let keeper = try readyKeeper(for: writes)
    keeper.enter(cs_keeper_going)
    kill(pid, SIGSTOP)
    keeper.enter(cs_keeper_writing)
    defer {
      keeper.enter(cs_keeper_going)
      kill(pid, SIGCONT)
      keeper.enter(cs_keeper_idle)
    }
    try write(each: writes, atStep)
  }

  /// The one that was started before the stop, or another if there is none or it has too little room.
  private func readyKeeper(
    for writes: [(address: TraceeAddress, bytes: [UInt8])]
  ) throws(TraceeFailure) -> Keeper {
    if let keeper, keeper.takes(writes) { return keeper }
    let keeper = try Keeper(for: pid, room: Keeper.room(for: writes))
    guard keeper.takes(writes) else { throw .system(operation: .spawn, code: ENOSPC) }
    return keeper
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

  /// Whether the process has a handler for SIGCONT.
  private borrowing func handlesContinue() -> Bool {
    do throws(TraceeFailure) {
      return try ProcessFacts.catches(SIGCONT, pid: pid)
    } catch {
      return true
    }
  }
}
