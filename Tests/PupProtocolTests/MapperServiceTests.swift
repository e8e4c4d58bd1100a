import Glibc
import PupProtocol
import TestSupport
import Testing

/// The mapper as a service: its socket held by a service manager, its own death, users and root.
@Suite(.timeLimit(.minutes(2))) struct MapperServiceTests {
  private func mappers(_ sandbox: Sandbox) -> [Int32] {
    ProcessView.all(withEnvironment: "PUP_RUNTIME_DIR=\(sandbox.runtimeFolder)")
      .filter { $0.isAlive && contents(of: "/proc/\($0.pid)/comm") == "pupmapper\n" }
      .map(\.pid)
  }

  /// systemd's own implementation of the passing side.
  private func activated(
    _ sandbox: Sandbox, at socket: String, idleSeconds: Int = 60
  ) throws -> StartedCommand {
    let started = try Command(
      "/usr/bin/systemd-socket-activate",
      [
        "-l", socket, "-E", "PUP_RUNTIME_DIR=\(sandbox.runtimeFolder)", TestTools.mapper,
        "--idle-seconds", "\(idleSeconds)",
      ], environment: sandbox.environment()
    ).start()
    return started
  }

  private func record(_ name: String, _ sandbox: Sandbox) -> String {
    contents(of: "\(sandbox.runtimeFolder)/programs/\(name).json")
  }

  @Test func `serves a socket that a service manager holds`() async throws {
    try await withSandbox { sandbox in
      let socket = "\(sandbox.runtimeFolder)/mapper.socket"
      #expect(unsafe mkdir(sandbox.runtimeFolder, 0o700) == 0)
      let manager = try activated(sandbox, at: socket, idleSeconds: 1)
      #expect(await eventually { unsafe access(socket, F_OK) == 0 })
      let outcome = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(mappers(sandbox) == [manager.pid])
      let environment = contents(of: "/proc/\(manager.pid)/environ")
      #expect(environment.contains("LISTEN_FDS=1"))
      #expect(try await sandbox.talk("stop", "x").status == 0)
      #expect(await eventually { !manager.isRunning })
      // The file is the service manager's.
      #expect(unsafe access(socket, F_OK) == 0)
      #expect(try await sandbox.state(of: "x") == "exited")
    }
  }

  @Test func `refuses a passed socket that no pup would find`() async throws {
    try await withSandbox { sandbox in
      let socket = "\(sandbox.folder)/other.socket"
      let manager = try activated(sandbox, at: socket)
      #expect(await eventually { unsafe access(socket, F_OK) == 0 })
      _ = try RawClient(socket)
      #expect(await eventually { !manager.isRunning })
      #expect(manager.errors.contains("pupmapper: the passed socket is \(socket), and must be"))
    }
  }

  @Test func `a mapper whose socket was replaced leaves its pups to the new one`() async throws {
    try await withSandbox { sandbox in
      let socket = "\(sandbox.runtimeFolder)/mapper.socket"
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let old = try #require(mappers(sandbox).first)
      unsafe unlink(socket)
      let manager = try activated(sandbox, at: socket)
      #expect(await eventually { unsafe access(socket, F_OK) == 0 })
      #expect(try await sandbox.state(of: "x") == "running")
      #expect(await eventually(within: .seconds(20)) { mappers(sandbox) == [manager.pid] })
      #expect(!ProcessView(old).isAlive)
      let pup = try await sandbox.status(of: "x", using: TestTools.ush).pup
      #expect(await eventually { sockets(sandbox) == 2 })
      signal(.kill, to: Int32(pup))
      #expect(await eventually { record("x", sandbox).contains(#""state":"lost""#) })
    }
  }

  /// How many sockets the mapper has open: its listener, and one for each pup that it hears from.
  private func sockets(_ sandbox: Sandbox) -> Int {
    guard let mapper = mappers(sandbox).first else { return 0 }
    return ProcessView(mapper).openFiles.values.filter { $0.hasPrefix("socket:") }.count
  }

  @Test func `live pups register again by themselves when the mapper was killed`() async throws {
    try await withSandbox { sandbox in
      for name in ["a", "b"] { _ = try await sandbox.talk("run", name, "/bin/sleep", "1000") }
      let pups = [
        try await sandbox.status(of: "a", using: TestTools.ush).pup,
        try await sandbox.status(of: "b", using: TestTools.ush).pup,
      ]
      for _ in 0..<3 {
        let old = try #require(mappers(sandbox).first)
        signal(.kill, to: old)
        // Nobody asks: only the pups can have started the next one.
        #expect(await eventually { mappers(sandbox) != [old] && mappers(sandbox).count == 1 })
      }
      #expect(await eventually { sockets(sandbox) == 3 })
      signal(.kill, to: Int32(pups[0]))
      #expect(await eventually { record("a", sandbox).contains(#""state":"lost""#) })
      #expect(record("b", sandbox).contains(#""state":"live""#))
      #expect(try await sandbox.state(of: "b") == "running")
    }
  }

  // MARK: - Users and root

  private func asNobody(
    _ sandbox: Sandbox, _ arguments: String...
  ) async throws -> Command.Outcome {
    try await Command(
      "/usr/bin/setpriv",
      ["--reuid", "65534", "--regid", "65534", "--clear-groups", TestTools.ush] + arguments,
      environment: sandbox.environment(adding: ["XDG_STATE_HOME": "\(sandbox.folder)/theirs"])
    ).run()
  }

  /// A sandbox whose runtime directory is another user's, as root sees it.
  private func withTheirs(_ body: (Sandbox) async throws -> Void) async throws {
    try #require(geteuid() == 0, "needs root, to become another user")
    try await withSandbox { sandbox in
      #expect(unsafe chmod(sandbox.folder, 0o755) == 0)
      for folder in [sandbox.runtimeFolder, "\(sandbox.folder)/theirs"] {
        #expect(unsafe mkdir(folder, 0o700) == 0)
        #expect(unsafe chown(folder, 65534, 65534) == 0)
      }
      try await body(sandbox)
    }
  }

  @Test func `a mapper that root starts in a user's directory is the user's`() async throws {
    try await withTheirs { sandbox in
      #expect(try await sandbox.talk("run", "root", "/bin/sleep", "1000").status == 0)
      let mapper = try #require(mappers(sandbox).first)
      #expect(contents(of: "/proc/\(mapper)/status").contains("Uid:\t65534\t65534\t65534\t65534"))
      let outcome = try await asNobody(sandbox, "run", "own", "/bin/sleep", "1000")
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(try await asNobody(sandbox, "status", "own").status == 0)
      #expect(try await sandbox.state(of: "own") == "running")
      #expect(record("root", sandbox).contains(#""uid":0"#))
      #expect(record("own", sandbox).contains(#""uid":65534"#))
    }
  }

  @Test func `refuses a name that another user's program holds`() async throws {
    try await withTheirs { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let taken = try await asNobody(sandbox, "run", "x", "/bin/sleep", "1000")
      #expect(taken.status == 1 && taken.hasOneErrorLine, "\(taken.summary)")
      let pup = try await sandbox.status(of: "x", using: TestTools.ush).pup
      signal(.kill, to: Int32(pup))
      #expect(try await eventually { try await sandbox.state(of: "x") == "lost" })
      let adopted = try await asNobody(sandbox, "attach", "x")
      #expect(adopted.status == 1 && adopted.hasOneErrorLine, "\(adopted.summary)")
      #expect(adopted.errors.contains("belongs to user 0"), "\(adopted.summary)")
      #expect(try await sandbox.talk("attach", "x").status == 0)
    }
  }
}
