import ByteCoding
import CPtrace
import Glibc
package import Unwinding
package import VersionSpace

/// A process all of whose threads are stopped by us; dropping it lets them go on.
///
/// Not copyable, so each thread is let go exactly once; not `Sendable`, so it stays on the tracer's
/// kernel thread.
package struct StoppedProcess: ~Copyable {
  package let pid: Int32
  /// By rising id.
  private(set) var held: [StoppedThread]
  /// Signals that came to a thread while it ran a function for us; sent again on release.
  var heldSignals: Set<Int32> = []
  let memory: ProcessMemory
  let keeper: Keeper?

  /// The threads that are stopped, by rising id.
  package var threads: [Int32] { held.map(\.tid) }

  init(pid: Int32, held: [StoppedThread], memory: ProcessMemory, keeper: Keeper?) {
    self.pid = pid
    self.held = held.sorted { $0.tid < $1.tid }
    self.memory = memory
    self.keeper = keeper
  }

  deinit {
    for signal in heldSignals { kill(pid, signal) }
    for thread in held { thread.letGo() }
  }

  /// The thread's XSAVE area as the kernel lays it out (`NT_X86_XSTATE`): SSE, AVX and further
  /// registers.
  package func extendedState(of tid: Int32) throws(TraceeFailure) -> [UInt8] {
    try ExtendedState(of: tid).bytes
  }

  /// Lets all threads go on.
  consuming func release() { _ = consume self }

  /// The general registers of one of `threads`.
  package mutating func registers(of tid: Int32) throws(TraceeFailure) -> Registers {
    guard let index = index(of: tid) else { return try currentRegisters(of: tid) }
    if let known = held[index].registers { return Registers(known) }
    var raw = cs_registers()
    try check(.registers, tid, unsafe cs_get_registers(tid, &raw))
    held[index].registers = raw
    return Registers(raw)
  }

  /// The registers of a thread that may have run since it was stopped.
  func currentRegisters(of tid: Int32) throws(TraceeFailure) -> Registers {
    var raw = cs_registers()
    try check(.registers, tid, unsafe cs_get_registers(tid, &raw))
    return Registers(raw)
  }

  /// Changes the general registers of one of `threads`; `fsBase` stays as it is.
  package mutating func setRegisters(
    _ registers: Registers, of tid: Int32
  ) throws(TraceeFailure) {
    if let index = index(of: tid) { held[index].registers = nil }
    var raw = registers.raw
    try check(.registers, tid, unsafe cs_set_registers(tid, &raw))
  }

  /// Leaves out a thread that has ended.
  mutating func forget(_ tid: Int32) { held.removeAll { $0.tid == tid } }

  private func index(of tid: Int32) -> Int? {
    let index = held.partitioningIndex { $0.tid >= tid }
    return index < held.count && held[index].tid == tid ? index : nil
  }
}

/// A thread that we have stopped.
struct StoppedThread {
  let tid: Int32
  var stop: ThreadStop
  /// As it was stopped, once they were read and as long as nobody changed them.
  var registers: cs_registers?

  init(tid: Int32, stop: ThreadStop) {
    self.tid = tid
    self.stop = stop
  }

  /// Detaches it so that it does not notice: a signal that we caught is delivered, and a system call
  /// that our stop interrupted is restarted.
  func letGo() {
    // A signal that has no handler must not be noticed either.
    if !stop.isGroupStop { hideInterruption() }
    _ = cs_detach(tid, stop.signal)
  }

  /// System calls that return EINTR after a stop instead of being restarted (signal(7)), by number;
  /// read, write, readv and writev do so on a socket with a timeout.
  static let notRestarted: Set<Int64> = [
    0, 1, 19, 20, 42, 43, 44, 45, 46, 47, 65, 70, 128, 208, 220, 232, 281, 288, 299, 307, 333, 426,
    441,
  ]

  /// −514 (ERESTARTNOHAND) makes the kernel restart the call, or return EINTR if a handler runs.
  private func hideInterruption() {
    var raw = cs_registers()
    if let registers {
      raw = registers
    } else if unsafe cs_get_registers(tid, &raw) != 0 {
      return
    }
    guard Int64(bitPattern: raw.general.0) == -4, Self.notRestarted.contains(raw.orig_rax) else {
      return
    }
    _ = cs_set_result(tid, -514)
  }
}

/// How a thread is stopped.
struct ThreadStop: Hashable {
  /// A signal that was about to be delivered, and will be on release; else 0.
  var signal: Int32 = 0
  /// By job control; it stays stopped.
  var isGroupStop = false
}

// Both would otherwise be inferred `Sendable` from their fields.
@available(*, unavailable) extension StoppedProcess: Sendable {}

extension Registers {
  init(_ raw: cs_registers) {
    let g = raw.general
    self.init(
      general: [
        g.0, g.1, g.2, g.3, g.4, g.5, g.6, g.7, g.8, g.9, g.10, g.11, g.12, g.13, g.14, g.15,
      ], instructionPointer: raw.rip, flags: raw.eflags, originalRAX: raw.orig_rax,
      fsBase: raw.fs_base)
  }

  var raw: cs_registers {
    let g = general
    return cs_registers(
      general: (
        g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9], g[10], g[11], g[12], g[13],
        g[14], g[15]
      ), rip: instructionPointer, eflags: flags, fs_base: fsBase, orig_rax: originalRAX)
  }
}

func check(
  _ operation: TraceeOperation, _ tid: Int32, _ result: Int32
) throws(TraceeFailure) {
  guard result < 0 else { return }
  switch -result {
  case ESRCH: throw .gone(pid: tid)
  case EPERM: throw .notPermitted(pid: tid)
  default: throw .system(operation: operation, code: -result)
  }
}
