import Glibc

/// What waitpid(2) says of a traced thread (ptrace(2), "Stopped states").
enum WaitStatus: Hashable, Sendable {
  /// It exists no more; the whole status, for whoever asks how the process ended.
  case ended(Int32)
  /// A signal is about to be delivered.
  case signal(Int32)
  /// At the entry or the exit of a system call.
  case systemCall
  /// Job control has stopped the process.
  case group
  /// By PTRACE_INTERRUPT, or newly attached.
  case interrupted

  init(_ raw: Int32) {
    let signal = (raw >> 8) & 0xFF
    switch (raw & 0x7F, raw >> 16) {
    case (0x7F, 0): self = signal == SIGTRAP | 0x80 ? .systemCall : .signal(signal)
    case (0x7F, 128): self = signal == SIGTRAP ? .interrupted : .group
    case (0x7F, _): self = .interrupted
    default: self = .ended(raw)
    }
  }
}
