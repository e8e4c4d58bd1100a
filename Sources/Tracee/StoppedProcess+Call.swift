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
    guard let tid = threads.first(where: { stops[$0] == ThreadStop() }) else { return .noThread }
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
    try check(.resume, tid, cs_continue_to_syscall(tid, 0))
    while true {
      guard let status = try wait(tid, until: end) else {
        try check(.interrupt, tid, cs_interrupt(tid))
        guard try wait(tid, until: ContinuousClock().now + .seconds(2)) != nil else {
          throw .deadline(missing: [tid])
        }
        return .timedOut
      }
      let signal = (status >> 8) & 0xFF
      if signal == SIGTRAP, status >> 16 == 0 {
        let now = try registers(of: tid)
        if now.originalRAX == 15, now.instructionPointer == stub.rawValue + 7 { return .returned }
      } else if status >> 16 == 0 {
        var place: UInt64 = 0
        _ = unsafe cs_fault_address(tid, &place)
        return .faulted(signal: signal, at: TraceeAddress(rawValue: place))
      }
      try check(.resume, tid, cs_continue_to_syscall(tid, 0))
    }
  }

  /// The thread's next stop; `nil` when none came in time.
  private mutating func wait(
    _ tid: Int32, until end: ContinuousClock.Instant
  ) throws(TraceeFailure) -> Int32? {
    while true {
      var status: Int32 = 0
      let found = unsafe cs_wait(tid, &status)
      if found == tid {
        guard status & 0xFF == 0x7F else {
          stops[tid] = nil
          throw .gone(pid: tid)
        }
        return status
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
      guard let status = try wait(tid, until: ContinuousClock().now + .seconds(2)) else {
        throw .deadline(missing: [tid])
      }
      isParked = status >> 16 == 128
    }
    try setRegisters(before, of: tid)
    try extended.restore(tid)
    try check(.registers, tid, cs_set_signal_mask(tid, mask))
    guard isParked else { throw .deadline(missing: [tid]) }
  }
}

/// A thread's XSAVE area.
struct ExtendedState {
  let bytes: [UInt8]

  init(of tid: Int32) throws(TraceeFailure) {
    var buffer = [UInt8](repeating: 0, count: 16384)
    let count = unsafe cs_get_xstate(tid, &buffer, 16384)
    try check(.registers, tid, count)
    bytes = Array(buffer.prefix(Int(count)))
  }

  func restore(_ tid: Int32) throws(TraceeFailure) {
    try check(.registers, tid, unsafe cs_set_xstate(tid, bytes, bytes.count))
  }
}

/// What rt_sigreturn(2) restores a thread from: `struct ucontext` and, above it, the XSAVE area with
/// the kernel's marks (Linux `arch/x86/include/uapi/asm/sigcontext.h`).
private struct SignalFrame {
  let bytes: [UInt8]
  /// Of the first byte.
  let address: TraceeAddress
  /// Where the function finds its return address.
  let stackPointer: UInt64

  init(
    registers: Registers, extended: [UInt8], mask: UInt64, top: TraceeAddress, stub: TraceeAddress
  ) {
    let stateBytes = UInt64((extended.count + 4 + 63) / 64 * 64)
    let statePlace = (top.rawValue - stateBytes) & ~63
    let contextBytes: UInt64 = 320
    let context = (statePlace - contextBytes) & ~15
    stackPointer = context - 8
    address = TraceeAddress(rawValue: context - 8)
    var words: [UInt64] = [stub.rawValue, 7, 0, 0, 0xFFFF, 0]
    let resumed = Self.resumed(registers)
    let g = resumed.general
    words += [g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]]
    words += [g[5], g[4], g[6], g[3], g[1], g[0], g[2], g[7]]
    words += [resumed.instructionPointer, resumed.flags, 0x002B_0000_0000_0033, 0, 0, mask, 0]
    words += [statePlace, 0, 0, 0, 0, 0, 0, 0, 0, mask]
    var bytes = words.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
    bytes += [UInt8](repeating: 0, count: Int(statePlace - address.rawValue) - bytes.count)
    self.bytes = bytes + Self.marked(extended)
  }

  /// A system call that was to be restarted is made anew; one with a restart block returns EINTR.
  private static func resumed(_ registers: Registers) -> Registers {
    var result = registers
    guard registers.originalRAX >= 0 else { return result }
    switch Int64(bitPattern: registers.general[Registers.rax]) {
    case -512, -513, -514:
      result.general[Registers.rax] = UInt64(registers.originalRAX)
      result.instructionPointer &-= 2
    case -516: result.general[Registers.rax] = UInt64(bitPattern: -4)
    default: break
    }
    return result
  }

  /// FP_XSTATE_MAGIC1 with sizes in the software bytes, FP_XSTATE_MAGIC2 behind the area.
  private static func marked(_ extended: [UInt8]) -> [UInt8] {
    var bytes = extended
    guard bytes.count >= 576 else { return bytes }
    func put(_ value: UInt64, _ count: Int, at offset: Int) {
      for index in 0..<count {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
    }
    let features = (0..<8).reduce(UInt64(0)) { $0 | UInt64(extended[464 + $1]) << (8 * UInt64($1)) }
    put(0x4650_5853, 4, at: 464)
    put(UInt64(extended.count + 4), 4, at: 468)
    put(features, 8, at: 472)
    put(UInt64(extended.count), 4, at: 480)
    return bytes + [0x45, 0x58, 0x50, 0x46]
  }
}
