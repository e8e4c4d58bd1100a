import PupProtocol
import Synchronization

/// The hosts that a shell has connected to; with more than one, notices say which is meant.
final class ConnectedHosts: Sendable {
  private let hosts = Mutex<Set<Host>>([])

  func add(_ host: Host) { hosts.withLock { _ = $0.insert(host) } }

  /// `x`, or `x@host` once there is more than one host.
  func shownName(of program: ProgramAddress) -> String {
    hosts.withLock { $0.count > 1 } ? "\(program.name)@\(program.host.shown)" : program.name
  }
}

extension Host {
  /// The host's name; of this machine its own.
  var shown: String {
    switch self {
    case .local: ProductVersion.host
    case .ssh(let name): name
    }
  }
}
