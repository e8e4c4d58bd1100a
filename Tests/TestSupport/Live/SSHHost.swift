import Foundation
import Glibc

/// A host that ssh reaches: a real sshd on a port of the loopback, with directories of its own.
///
/// Its programs are as far from a sandbox's own as another machine's: in another runtime directory.
package final class SSHHost {
  package let name: String
  /// The folder of everything that lies on the host.
  package let folder: String
  package let port: Int
  private let sshd: StartedCommand

  package var runtimeFolder: String { "\(folder)/run" }
  package var stateFolder: String { "\(folder)/state" }

  fileprivate init(_ name: String, folder: String, port: Int, sshd: StartedCommand) {
    self.name = name
    self.folder = folder
    self.port = port
    self.sshd = sshd
  }

  /// Ends sshd, so that nobody can connect any more; connections that are there go on.
  package func stopListening() { sshd.kill() }

  /// The processes that serve connections from other hosts.
  package var bridges: [ProcessView] {
    ProcessView.all(withEnvironment: "PUP_RUNTIME_DIR=\(runtimeFolder)").filter {
      bytes(of: "/proc/\($0.pid)/cmdline").split(separator: 0).last?.elementsEqual("bridge".utf8)
        ?? false
    }
  }
}

/// The hosts of a sandbox, and the user's way to them.
package final class SSHHosts {
  private let sandbox: Sandbox
  private var hosts: [SSHHost] = []
  private var entries = ""
  private var keys = ""

  /// The folder of the user's keys and ssh configuration.
  private var folder: String { "\(sandbox.folder)/ssh" }

  package init(_ sandbox: Sandbox) async throws(LiveFailure) {
    self.sandbox = sandbox
    try makeFolder(folder)
    // Where sshd separates its privileges; a machine that never ran it has none.
    unsafe mkdir("/run/sshd", 0o755)
    try await makeKey("user")
    try await makeKey("host")
    try copy("\(folder)/user.pub", to: "\(folder)/authorized")
  }

  /// What lets `ush` find the hosts.
  package var environment: [String: String] { ["PUP_SSH": "ssh -F \(folder)/config"] }

  /// Starts a host on which `tools` is in the path, or none of our tools if that is `nil`.
  ///
  /// `directives` are more lines for its sshd_config. It ends with these hosts.
  @discardableResult
  package func add(
    _ name: String, tools: String? = Surroundings.tools, settings: [String: String] = [:],
    directives: String = ""
  ) async throws(LiveFailure) -> SSHHost {
    let port = freePort()
    let place = "\(sandbox.folder)/\(name)"
    try makeFolder(place)
    let path = (tools.map { "\($0):" } ?? "") + "/usr/bin:/bin"
    var variables = [
      "PUP_RUNTIME_DIR": "\(place)/run", "XDG_STATE_HOME": "\(place)/state", "PATH": path,
      "PIZZA_MS": "5", "TICK_MS": "10",
      // As if in a shell already: bash then leaves the user's startup files alone.
      "SHLVL": "2",
    ]
    variables.merge(settings) { $1 }
    let setting = variables.map { "\($0)=\($1)" }.sorted().joined(separator: " ")
    let config = """
      ListenAddress 127.0.0.1
      Port \(port)
      HostKey \(folder)/host
      AuthorizedKeysFile \(folder)/authorized
      PidFile none
      UsePAM no
      StrictModes no
      PermitRootLogin prohibit-password
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      MaxStartups 100
      LogLevel ERROR
      SetEnv \(setting)
      \(directives)

      """
    try write(Array(config.utf8), to: "\(place)/sshd_config")
    let sshd = try Command("/usr/sbin/sshd", ["-D", "-e", "-f", "\(place)/sshd_config"]).start()
    guard await eventually({ canConnect(to: port) }) else {
      throw .cannotStart(path: "/usr/sbin/sshd", reason: sshd.errors)
    }
    try know(name, port: port)
    let host = SSHHost(name, folder: place, port: port, sshd: sshd)
    hosts.append(host)
    return host
  }

  /// Lets ssh know of a host, with `key` as its file of a private key and `isKnown` for the host's.
  package func know(
    _ name: String, port: Int, key: String = "user", isKnown: Bool = true
  ) throws(LiveFailure) {
    entries += """
      Host \(name)
        HostName 127.0.0.1
        Port \(port)
        HostKeyAlias \(name)
        IdentityFile \(folder)/\(key)

      """
    if isKnown { keys += "\(name) \(contents(of: "\(folder)/host.pub"))" }
    let common = """
      Host *
        User \(NSUserName())
        IdentitiesOnly yes
        UserKnownHostsFile \(folder)/known_hosts
        GlobalKnownHostsFile none

      """
    try write(Array((entries + common).utf8), to: "\(folder)/config")
    try write(Array(keys.utf8), to: "\(folder)/known_hosts")
  }

  /// A new pair of keys, `name` and `name.pub`.
  package func makeKey(_ name: String) async throws(LiveFailure) {
    let outcome = try await Command(
      "/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/\(name)"]
    ).run()
    guard outcome.status == 0 else {
      throw .cannotPrepare(path: "\(folder)/\(name)", reason: outcome.summary)
    }
  }

  private func makeFolder(_ path: String) throws(LiveFailure) {
    guard unsafe mkdir(path, 0o700) == 0 else {
      throw .cannotPrepare(path: path, reason: "errno \(errno)")
    }
  }
}

/// A port of the loopback that nobody listens at.
package func freePort() -> Int {
  unsafe withLoopback(port: 0) { socket, address in
    guard unsafe bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 else {
      return 0
    }
    var found = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &found) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(socket, $0, &size)
      }
    }
    return code == 0 ? Int(UInt16(bigEndian: found.sin_port)) : 0
  }
}

private func canConnect(to port: Int) -> Bool {
  unsafe withLoopback(port: port) { socket, address in
    unsafe connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
  }
}

private func withLoopback<Result>(
  port: Int, _ body: (Int32, UnsafePointer<sockaddr>) -> Result
) -> Result {
  let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body(socket, $0)
    }
  }
}
