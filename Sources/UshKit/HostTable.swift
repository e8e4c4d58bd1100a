import PupProtocol
import Synchronization

/// The hosts that a session has to do with; each is made ready when it is first needed.
final class HostTable: Sendable {
  private let console: Console
  private let known = Mutex<[Host: any ProgramsHost]>([:])

  init(_ console: Console) { self.console = console }

  /// The host, which may be out of reach.
  ///
  /// - Throws: when this machine's runtime directory cannot be used.
  subscript(_ host: Host) -> any ProgramsHost {
    get throws(ServiceFailure) {
      if let found = known.withLock({ $0[host] }) { return found }
      let new = try make(host)
      return known.withLock { known in
        let found = known[host] ?? new
        known[host] = found
        return found
      }
    }
  }

  private func make(_ host: Host) throws(ServiceFailure) -> any ProgramsHost {
    switch host {
    case .local:
      return try talking { () throws(TalkFailure) in LocalHost(try RuntimeDirectory()) }
    case .ssh(let name):
      let console = console
      return RemoteHost(name) { progress in
        let file = splitPath(progress.path).name
        let percent = progress.sentBytes * 100 / max(1, progress.byteCount)
        if percent < 100 {
          console.progress("sending \(file) to \(name): \(percent) %")
        } else {
          console.clearProgress()
        }
      }
    }
  }
}
