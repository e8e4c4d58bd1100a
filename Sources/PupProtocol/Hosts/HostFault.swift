/// Why another host's programs cannot be reached.
package enum HostFault: Hashable, Sendable {
  /// The ssh command itself cannot be run here.
  case noClient(command: String)
  /// ssh knows no host of that name.
  case unknownHost
  /// Nobody answers there; `detail` is what ssh says.
  case noAnswer(detail: String)
  /// The host's key is not known, or another one than before.
  case hostKey
  /// The host takes none of the user's keys.
  case noKey
  /// `command` cannot be run there.
  case noTools(command: String)
  /// The other side is no bridge: something else writes to its standard output.
  case noBridge
  /// The connection was good and has ended.
  case lost
  /// Anything else, in ssh's or the bridge's own words.
  case other(detail: String)

  /// ssh's own exit status when it could not connect.
  private static let connectionFailed: Int32 = 255

  /// What it means that ssh ended with `status` and wrote `errors` before the bridge had answered.
  init(status: Int32, errors: String, command: String) {
    let lines = errors.split(whereSeparator: \.isNewline).filter { !$0.isEmpty }
    let last = lines.last.map(String.init) ?? "ssh ended with status \(status)"
    if status == 126 || status == 127 {
      self = .noTools(command: command)
    } else if status != Self.connectionFailed {
      self = .other(detail: last.withoutPrefix("pupmapper: "))
    } else if errors.contains("Host key verification failed") {
      self = .hostKey
    } else if errors.contains("Permission denied") || errors.contains("Too many authentication") {
      self = .noKey
    } else if errors.contains("Could not resolve hostname") {
      self = .unknownHost
    } else {
      self = .noAnswer(detail: last.withoutPrefix("ssh: "))
    }
  }

  /// What is wrong with `host` and what to do, in a line.
  func sentence(_ host: String) -> String {
    switch self {
    case .noClient(let command):
      "\(command) cannot be run: install openssh-client, or name the ssh command in PUP_SSH"
    case .unknownHost: "no host is known as \(host)"
    case .noAnswer(let detail): "\(host) does not answer: \(detail)"
    case .hostKey: "the key of host \(host) is unknown or has changed: check it with ssh \(host)"
    case .noKey: "\(host) accepts none of your keys: ssh \(host) must work without a password"
    case .noTools(let command):
      "\(host) has no \(command): install the tools there, or set PUP_REMOTE_COMMAND"
    case .noBridge:
      "\(host) sends something else than a bridge: its shell must print nothing at login"
    case .lost: "the connection to \(host) was lost; the same command connects again"
    case .other(let detail): "\(host): \(detail)"
    }
  }

  /// A stable word for programs.
  var code: String {
    switch self {
    case .noClient: "no-ssh"
    case .unknownHost: "unknown-host"
    case .noAnswer: "no-answer"
    case .hostKey: "host-key"
    case .noKey: "no-key"
    case .noTools: "no-tools"
    case .noBridge: "no-bridge"
    case .lost: "connection-lost"
    case .other: "host"
    }
  }
}

extension String {
  fileprivate func withoutPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
