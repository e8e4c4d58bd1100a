import Glibc
import PupProtocol
import TestSupport
import Testing

/// What goes wrong between two hosts, and how it goes on after that; real ssh, scripted pups.
@Suite(.timeLimit(.minutes(2))) struct RemoteFailureTests {
  // MARK: - No connection

  private func expectOneLine(
    _ outcome: Command.Outcome, _ text: String, exit: Int32 = 1,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == exit, "\(outcome.summary)", sourceLocation: location)
    #expect(outcome.hasOneErrorLine, "\(outcome.summary)", sourceLocation: location)
    #expect(outcome.errors.contains(text), "\(outcome.summary)", sourceLocation: location)
  }

  @Test func `says in a line why a host cannot be reached, and what to do`() async throws {
    try await withRemote { remote in
      let port = remote.web.port
      try await remote.hosts.makeKey("other")
      try remote.hosts.know("locked", port: port, key: "other")
      try remote.hosts.know("strange", port: port, isKnown: false)
      try remote.hosts.know("dead", port: freePort())
      try await remote.hosts.add("bare", tools: nil)
      try await remote.hosts.add("chatty", directives: "ForceCommand echo Welcome; cat")
      for (host, text) in [
        ("locked", "ssh locked must work without a password"),
        ("strange", "check it with ssh strange"), ("dead", "dead does not answer: "),
        ("bare", "bare has no pupmapper: install the tools there"),
        ("chatty", "its shell must print nothing at login"),
        ("nowhere.invalid", "no host is known as nowhere.invalid"),
      ] {
        expectOneLine(try await remote.ush("status", "x@\(host)"), text)
        let json = try await remote.ush("list", "--host", host, "--json")
        #expect(json.output.hasPrefix(#"{"error":{"code":""#), "\(json.summary)")
      }
    }
  }

  @Test(arguments: ["x@", "x@-oProxyCommand=id", "x@a b", "x@$(id)", "@web1", "a/b@web1"])
  func `takes nothing for a host that ssh or a shell could act on`(
    _ name: String
  ) async throws {
    try await withSandbox { sandbox in
      expectOneLine(try await sandbox.talk("status", name), "ush: ", exit: 2)
    }
  }

  @Test func `says when there is no ssh, and takes another remote command`() async throws {
    try await withRemote { remote in
      let missing = try await remote.ush(
        "status", "x@web1", environment: ["PUP_SSH": "/nonexistent/ssh"])
      expectOneLine(missing, "name the ssh command in PUP_SSH")
      try await remote.hosts.add("bare", tools: nil)
      let found = try await remote.ush(
        "list", "--host", "bare",
        environment: ["PUP_REMOTE_COMMAND": "\(TestTools.mapper) bridge"])
      #expect(found.status == 0, "\(found.summary)")
    }
  }

  @Test func `tells what is wrong on the other host in that host's words`() async throws {
    try await withRemote { remote in
      #expect(unsafe mkdir(remote.web.runtimeFolder, 0o700) == 0)
      #expect(unsafe chmod(remote.web.runtimeFolder, 0o1777) == 0)
      expectOneLine(
        try await remote.ush("list", "--host", "web1"),
        "web1: \(remote.web.runtimeFolder) can be written by other users")
    }
  }

  // MARK: - A connection that ends

  @Test func `a connection lost in an update costs the view, and the next one is good`()
    async throws
  {
    try await withRemote { remote in
      _ = try await remote.ush("run", "x@web1", "/bin/sleep", "1000")
      let waits = try program("waits", in: remote.sandbox.folder)
      for isServerSide in [true, false] {
        let ush = try remote.start("update", "x@web1", waits, "--wait", "60")
        #expect(try await eventually { try await remote.state() == "updating" })
        #expect(await eventually { remote.web.bridges.count == 1 })
        let bridge = try #require(remote.web.bridges.first)
        if isServerSide {
          signal(.kill, to: bridge.pid)
        } else {
          signal(.kill, to: try #require(child(of: ush.pid)))
        }
        #expect(await eventually { !ush.isRunning })
        let line = "the connection to web1 was lost; an update goes on there: ush wait x@web1"
        #expect(ush.errors.contains(line), "\(ush.errors)")
        #expect(ush.errors.split(separator: "\n").count == 1)
        #expect(try await remote.state() == "updating")
        #expect(try await remote.ush("cancel", "x@web1").status == 0)
        #expect(await eventually { remote.web.bridges.isEmpty })
      }
    }
  }

  /// The ssh of an `ush`.
  private func child(of pid: Int32) -> Int32? {
    let list = contents(of: "/proc/\(pid)/task/\(pid)/children")
    if let first = list.split(separator: " ").first { return Int32(first) }
    // The thread that started it may be another one.
    let threads = (try? folderContents("/proc/\(pid)/task")) ?? []
    return threads.lazy.compactMap { thread in
      contents(of: "/proc/\(pid)/task/\(thread)/children").split(separator: " ").first.flatMap {
        Int32($0)
      }
    }.first
  }

  @Test func `one ush leaves an update, and another joins it`() async throws {
    try await withRemote { remote in
      _ = try await remote.ush("run", "x@web1", "/bin/sleep", "1000")
      let waits = try program("waits", in: remote.sandbox.folder)
      let first = try remote.start("update", "x@web1", waits, "--wait", "60")
      #expect(try await eventually { try await remote.state() == "updating" })
      kill(first.pid, SIGINT)
      #expect(await eventually { !first.isRunning })
      #expect(first.errors.contains("the update of x@web1 goes on"))
      let second = try remote.start("wait", "x@web1")
      let third = try remote.start("wait", "x@web1")
      #expect(await eventually { remote.web.bridges.count == 2 })
      try write([], to: "\(try remote.uploaded("waits")).go")
      #expect(await eventually { !second.isRunning && !third.isRunning })
      for ush in [second, third] {
        #expect(ush.output.contains("x@web1: version 1 to 2"), "\(ush.errors)")
      }
      #expect(await eventually { remote.web.bridges.isEmpty })
    }
  }

  @Test func `a host that nobody is connected to has no bridge left`() async throws {
    try await withRemote { remote in
      _ = try await remote.ush("run", "x@web1", "/bin/sleep", "1000")
      let watcher = try remote.start("watch", "x@web1")
      #expect(await eventually { remote.web.bridges.count == 1 })
      watcher.kill()
      #expect(await eventually { remote.web.bridges.isEmpty })
      #expect(try await remote.state() == "running")
    }
  }

  @Test func `a large file arrives whole, and is sent once`() async throws {
    try await withRemote { remote in
      let script = "#!/bin/sh\nexec sleep 1000\n" + String(repeating: "# padding\n", count: 300_000)
      let path = "\(remote.sandbox.folder)/large"
      try write(Array(script.utf8), to: path, executable: true)
      #expect(try await remote.ush("run", "x@web1", path).status == 0)
      let there = try remote.uploaded("large")
      #expect(bytes(of: there) == Array(script.utf8))
      // Of the same size and still a script; a second transfer would replace it.
      let marked = Array(script.utf8.dropLast(2)) + Array("!\n".utf8)
      try write(marked, to: there)
      #expect(try await remote.ush("stop", "x@web1").status == 0)
      #expect(try await remote.ush("run", "x@web1", path).status == 0)
      #expect(bytes(of: there) == marked)
    }
  }

  @Test func `a host that has gone is told, also when its programs go on`() async throws {
    try await withRemote { remote in
      _ = try await remote.ush("run", "x@web1", "/bin/sleep", "1000")
      remote.web.stopListening()
      #expect(
        try await eventually {
          try await remote.ush("status", "x@web1").errors.contains("web1 does not answer")
        })
    }
  }
}

/// A sandbox with one host whose pups are scripted, and a user's way to it.
struct Remote {
  let sandbox: Sandbox
  let hosts: SSHHosts
  let web: SSHHost

  private func environment(adding more: [String: String]) -> [String: String] {
    sandbox.environment(adding: hosts.environment.merging(more) { $1 })
  }

  func ush(
    _ arguments: String..., environment more: [String: String] = [:]
  ) async throws -> Command.Outcome {
    try await Command(
      TestTools.ush, arguments, environment: environment(adding: more), directory: sandbox.folder
    ).run()
  }

  func start(_ arguments: String...) throws -> StartedCommand {
    try Command(
      TestTools.ush, arguments, environment: environment(adding: [:]), directory: sandbox.folder
    ).start()
  }

  /// The state of `x@web1`.
  func state() async throws -> String {
    let outcome = try await ush("status", "x@web1")
    let words = outcome.output.split(whereSeparator: { " ,\n".contains($0) })
    return words.count > 1 ? String(words[1]) : outcome.errors
  }

  /// Where a file that was sent lies on the host.
  func uploaded(_ name: String) throws -> String {
    let uploads = "\(web.stateFolder)/pup/uploads"
    for set in try folderContents(uploads) {
      let path = "\(uploads)/\(set)/\(name)"
      if unsafe access(path, F_OK) == 0 { return path }
    }
    return "/nonexistent"
  }
}

func withRemote(_ body: (Remote) async throws -> Void) async throws {
  try await withSandbox { sandbox in
    let hosts = try await SSHHosts(sandbox)
    let web = try await hosts.add("web1", tools: TestTools.folder)
    try await body(Remote(sandbox: sandbox, hosts: hosts, web: web))
  }
}
