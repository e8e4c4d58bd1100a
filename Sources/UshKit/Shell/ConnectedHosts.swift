import PupProtocol
import Synchronization

/// The hosts that a shell has connected to; with more than one, notices say which is meant.
final class ConnectedHosts: Sendable {
  private let names = Mutex<Set<String>>([])

  /// The host of a program name that may end in `@HOST`.
  static func host(of name: String) -> String {
    name.split(separator: "@", maxSplits: 1).dropFirst().first.map(String.init)
      ?? ProductVersion.host
  }

  /// The name without its host.
  static func program(of name: String) -> String {
    String(name.split(separator: "@", maxSplits: 1).first ?? "")
  }

  func add(_ host: String) { names.withLock { _ = $0.insert(host) } }

  /// `x`, or `x@host` once there is more than one host.
  func shownName(of name: String) -> String {
    let program = Self.program(of: name)
    return names.withLock { $0.count > 1 } ? "\(program)@\(Self.host(of: name))" : program
  }
}
