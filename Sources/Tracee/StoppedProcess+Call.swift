import CPtrace
import Glibc
import Unwinding
package import VersionSpace

/// How a call into a stopped process ended; the thread is as it was before in each case.
package enum CallOutcome: Hashable, Sendable {
  case returned
  case faulted(signal: Int32, at: TraceeAddress)
  case timedOut
  /// No thread is stopped in a way from which it can be put back.
  case noThread
}

extension StoppedProcess {
  /// Runs a function of the process on one of its stopped threads, with a stack of its own.
  ///
  /// The function returns to `returnStub`, which asks for rt_sigreturn(2) with a signal frame that
  /// holds the thread's state: should we die meanwhile, the thread comes back by itself. While we
  /// live, that system call is caught at its entry and the registers are put back by us, since
  /// rt_sigreturn would drop the kernel's restart block.
  package mutating func call(
    _ function: TraceeAddress, stackTop: TraceeAddress, returnStub: TraceeAddress,
    limit: Duration
  ) throws(TraceeFailure) -> CallOutcome {
    guard let tid = held.first(where: { $0.stop == ThreadStop() })?.tid else { return .noThread }
    let before = try registers(of: tid)
    let extended = try ExtendedState(of: tid)
    var mask: UInt64 = 0
    try check(.registers, tid, unsafe cs_get_signal_mask(tid, &mask))
    let frame = SignalFrame(
      registers: before, extended: extended.bytes, mask: mask, top: stackTop, stub: returnStub)
    try write(frame.bytes, at: frame.address)
    // Faults stay unblocked: the kernel resets the handler of a fault that is blocked.
    let faults: UInt64 = [4, 5, 7, 8, 11, 31].reduce(0) { $0 | 1 << (UInt64($1) - 1) }
    try check(.registers, tid, cs_set_signal_mask(tid, ~faults))
    var entry = before
    entry.instructionPointer = function.rawValue
    entry.general[Registers.rsp] = frame.stackPointer
    entry.general[Registers.rax] = 0
    entry.originalRAX = -1
    entry.flags &= ~0x400
    try setRegisters(entry, of: tid)
    let outcome = try run(tid, until: returnStub, within: limit)
    try putBack(tid, before, extended, mask)
    return outcome
  }

  private mutating func run(
    _ tid: Int32, until stub: TraceeAddress, within limit: Duration
  ) throws(TraceeFailure) -> CallOutcome {
    let end = ContinuousClock().now + limit
    while true {
      try check(.resume, tid, cs_continue_to_syscall(tid, 0))
      switch try wait(tid, until: end) {
      case nil:
        try check(.interrupt, tid, cs_interrupt(tid))
        guard let stop = try wait(tid, until: ContinuousClock().now + .seconds(2)) else {
          throw .deadline(missing: [tid])
        }
        if case .signal(let signal) = stop { _ = fault(tid, signal) }
        return .timedOut
      case .signal(let signal)?:
        if let place = fault(tid, signal) { return .faulted(signal: signal, at: place) }
      case .systemCall?:
        let now = try currentRegisters(of: tid)
        if now.originalRAX == 15, now.instructionPointer == stub.rawValue + 7 { return .returned }
      default: continue
      }
    }
  }

  /// Where the thread's own instruction, or its own abort(3), brought it a signal; `nil` if somebody
  /// else sent the signal, which is then kept for later.
  private mutating func fault(_ tid: Int32, _ signal: Int32) -> TraceeAddress? {
    var place: UInt64 = 0
    if unsafe cs_fault(pid, tid, &place) == 1 { return TraceeAddress(rawValue: place) }
    heldSignals.insert(signal)
    return nil
  }

  /// The thread's next stop; `nil` when none came in time.
  private mutating func wait(
    _ tid: Int32, until end: ContinuousClock.Instant
  ) throws(TraceeFailure) -> WaitStatus? {
    while true {
      var raw: Int32 = 0
      let found = unsafe cs_wait(tid, &raw)
      if found == tid {
        let status = WaitStatus(raw)
        guard case .ended = status else { return status }
        ExitStatuses.note(tid, raw)
        forget(tid)
        throw .gone(pid: tid)
      }
      if found < 0 { throw .gone(pid: tid) }
      guard ContinuousClock().now < end else { return nil }
      usleep(20)
    }
  }

  /// Brings the thread to a stop of the kind it was in, with the registers of before.
  ///
  /// At a system call's entry the call is skipped first. The second stop, inside the kernel's signal
  /// handling, is where an interrupted call of before is restarted from.
  private mutating func putBack(
    _ tid: Int32, _ before: Registers, _ extended: ExtendedState, _ mask: UInt64
  ) throws(TraceeFailure) {
    var skipped = before
    skipped.originalRAX = -1
    try setRegisters(skipped, of: tid)
    try extended.restore(tid)
    try check(.interrupt, tid, cs_interrupt(tid))
    var isParked = false
    for _ in 0..<4 where !isParked {
      try check(.resume, tid, cs_continue(tid, 0))
      switch try wait(tid, until: ContinuousClock().now + .seconds(2)) {
      case nil: throw .deadline(missing: [tid])
      case .interrupted?, .group?: isParked = true
      case .signal(let signal)?: _ = fault(tid, signal)
      default: continue
      }
    }
    try setRegisters(before, of: tid)
    try extended.restore(tid)
    try check(.registers, tid, cs_set_signal_mask(tid, mask))
    guard isParked else { throw .deadline(missing: [tid]) }
  }
}
