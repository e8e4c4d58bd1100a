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
  var stops: [Int32: ThreadStop]
  /// Signals that came to a thread while it ran a function for us; sent again on release.
  var heldSignals: Set<Int32> = []
  let memory: ProcessMemory

  /// The threads that are stopped, by rising id.
  package var threads: [Int32] { stops.keys.sorted() }

  init(pid: Int32, stops: [Int32: ThreadStop], memory: ProcessMemory) {
    self.pid = pid
    self.stops = stops
    self.memory = memory
  }

  deinit {
    for signal in heldSignals { kill(pid, signal) }
    for (tid, stop) in stops { StoppedProcess.letGo(tid, stop) }
  }

  /// The thread's XSAVE area as the kernel lays it out (`NT_X86_XSTATE`): SSE, AVX and further
  /// registers.
  package func extendedState(of tid: Int32) throws(TraceeFailure) -> [UInt8] {
    try ExtendedState(of: tid).bytes
  }

  /// Lets all threads go on.
  consuming func release() { _ = consume self }

  /// The general registers of one of `threads`.
  package func registers(of tid: Int32) throws(TraceeFailure) -> Registers {
    var raw = cs_registers()
    try check(.registers, tid, unsafe cs_get_registers(tid, &raw))
    return Registers(raw)
  }

  /// Changes the general registers of one of `threads`; `fsBase` stays as it is.
  package func setRegisters(_ registers: Registers, of tid: Int32) throws(TraceeFailure) {
    var raw = registers.raw
    try check(.registers, tid, unsafe cs_set_registers(tid, &raw))
  }

  /// Detaches one thread so that it does not notice: a signal that we caught is delivered, and a
  /// system call that our stop interrupted is restarted.
  static func letGo(_ tid: Int32, _ stop: ThreadStop) {
    // A signal that has no handler must not be noticed either.
    if !stop.isGroupStop { hideInterruption(tid) }
    _ = cs_detach(tid, stop.signal)
  }

  /// System calls that return EINTR after a stop instead of being restarted (signal(7)), by number;
  /// read, write, readv and writev do so on a socket with a timeout.
  static let notRestarted: Set<Int64> = [
    0, 1, 19, 20, 42, 43, 44, 45, 46, 47, 65, 70, 128, 208, 220, 232, 281, 288, 299, 307, 333, 426,
    441,
  ]

  /// −514 (ERESTARTNOHAND) makes the kernel restart the call, or return EINTR if a handler runs.
  private static func hideInterruption(_ tid: Int32) {
    var raw = cs_registers()
    guard unsafe cs_get_registers(tid, &raw) == 0, raw.orig_rax >= 0,
      notRestarted.contains(raw.orig_rax)
    else { return }
    let result = Int64(bitPattern: raw.general.0)
    guard result == -4 else { return }
    raw.general.0 = UInt64(bitPattern: -514)
    _ = unsafe cs_set_registers(tid, &raw)
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
