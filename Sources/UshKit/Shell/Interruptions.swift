import Glibc
import PupProtocol
import Synchronization

/// The signals of a process that carries out many commands; a process of one command has none.
///
/// Signals belong to the process, so that this does too.
enum Interruptions {
  private static let shared = Mutex<SignalSource?>(nil)

  /// Catches the signals that end a command or the shell, from now on.
  static func install() throws(ServiceFailure) -> SignalSource {
    let source = try talking { () throws(TalkFailure) in
      try SignalSource([SIGINT, SIGTERM, SIGHUP])
    }
    shared.withLock { $0 = source }
    return source
  }

  /// What a command waits on besides its own work: the shell's signals, or `SIGINT` of its own.
  static func forCommand() throws(ServiceFailure) -> SignalSource {
    if let source = shared.withLock({ $0 }) { return source }
    return try talking { () throws(TalkFailure) in try SignalSource([SIGINT]) }
  }

  /// The shell's own, if this is one.
  static var ofShell: SignalSource? { shared.withLock { $0 } }
}
