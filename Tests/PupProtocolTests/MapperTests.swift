import Glibc
import PupProtocol
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct MapperTests {
  /// The process IDs of the mappers of a sandbox.
  private func mappers(_ sandbox: Sandbox) -> [Int32] {
    ProcessView.all(withEnvironment: "PUP_RUNTIME_DIR=\(sandbox.runtimeFolder)")
      .map { Int32($0.pid) }
      .filter { contents(of: "/proc/\($0)/comm") == "pupmapper\n" }
  }

  @Test func `a mapper started anew knows live, ended and lost programs`() async throws {
    try await withSandbox { sandbox in
      for name in ["live", "lost"] {
        _ = try await sandbox.talk("run", name, "/bin/sleep", "1000")
      }
      _ = try await sandbox.talk("run", "ended", "/bin/sh", "-c", "exit 5")
      #expect(try await eventually { try await sandbox.state(of: "ended") == "exited" })
      let lost = try await sandbox.status(of: "lost", using: TestTools.ush)
      let live = try await sandbox.status(of: "live", using: TestTools.ush)
      let old = try #require(mappers(sandbox).first)
      signal(.kill, to: old)
      signal(.kill, to: Int32(lost.pup))
      #expect(try await eventually { try await sandbox.state(of: "lost") == "lost" })
      #expect(try await sandbox.state(of: "live") == "running")
      #expect(try await sandbox.field("exit", of: "ended") == "5")
      #expect(try await sandbox.talk("run", "live", "/bin/true").status == 1)
      #expect(try await sandbox.talk("stop", "lost").status == 0)
      #expect(ProcessIdentity(pid: lost.target) == nil)
      let new = try #require(mappers(sandbox).first)
      #expect(new != old)
      // The live pup is back with the new mapper: its death is noticed from the connection.
      #expect(
        await eventually {
          let record = contents(of: "\(sandbox.runtimeFolder)/programs/live.json")
          return record.contains(#""state":"live""#)
        })
      signal(.kill, to: Int32(live.pup))
      #expect(
        await eventually {
          contents(of: "\(sandbox.runtimeFolder)/programs/live.json").contains(
            #""state":"lost""#)
        })
    }
  }

  @Test func `ends when nothing is registered, and starts when it is needed`() async throws {
    try await withSandbox { sandbox in
      let mapper = try Command(
        TestTools.mapper, ["--idle-seconds", "8"], environment: sandbox.environment()
      ).start()
      let socket = "\(sandbox.runtimeFolder)/mapper.socket"
      #expect(await eventually { unsafe access(socket, F_OK) == 0 })
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      await pause(.seconds(10))
      #expect(mapper.isRunning)
      #expect(mappers(sandbox) == [mapper.pid])
      _ = try await sandbox.talk("stop", "x")
      #expect(await eventually(within: .seconds(20)) { !mapper.isRunning })
      #expect(unsafe access(socket, F_OK) != 0)
      #expect(try await sandbox.state(of: "x") == "exited")
      #expect(mappers(sandbox).count == 1)
    }
  }

  @Test func `a second mapper of a directory ends at once`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("list")
      let first = mappers(sandbox)
      let second = try await Command(
        TestTools.mapper, [], environment: sandbox.environment(), timeout: .seconds(10)
      ).run()
      #expect(second.status == 0)
      #expect(mappers(sandbox) == first)
    }
  }

  @Test func `tells a pup who comes`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("list")
      let own = getpid()
      let start = try #require(ProcessIdentity(pid: Int(own))).start
      let pup = try RawClient("\(sandbox.runtimeFolder)/mapper.socket")
      let record = #"""
        {"name":"me","state":"live","pup":{"pid":\#(own),"start":\#(start)},"endpoint":"/e","uid":0,"version":1}
        """#
      pup.call(
        #"{"method":"org.podus.mapper.Register","parameters":{"program":\#(record)},"more":true}"#)
      #expect(pup.reply() == #"{"continues":true,"parameters":{}}"#)
      let user = try RawClient("\(sandbox.runtimeFolder)/mapper.socket")
      let found = user.ask(
        #"{"method":"org.podus.mapper.Resolve","parameters":{"name":"me","connecting":true}}"#)
      #expect(found?.contains(#""endpoint":"/e""#) == true)
      #expect(pup.reply()?.contains(#""alert":{"pid":\#(own),"uid":\#(getuid())}"#) == true)
    }
  }

  @Test func `lets no process register another`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("list")
      let client = try RawClient("\(sandbox.runtimeFolder)/mapper.socket")
      let answer = client.ask(
        #"{"method":"org.podus.mapper.Register","parameters":{"program":{"name":"me","state":"live","pup":{"pid":1,"start":1},"endpoint":"/e","uid":0,"version":1}},"more":true}"#
      )
      #expect(answer?.contains(#""code":"not-permitted""#) == true)
    }
  }

  @Test func `a damaged record costs only itself`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/true")
      #expect(try await eventually { try await sandbox.state(of: "x") == "exited" })
      for mapper in mappers(sandbox) { signal(.kill, to: mapper) }
      try write(Array("{".utf8), to: "\(sandbox.runtimeFolder)/programs/bad.json")
      #expect(await eventually { mappers(sandbox).isEmpty })
      #expect(try await sandbox.state(of: "x") == "exited")
      #expect(try await sandbox.talk("status", "bad").status == 3)
    }
  }

  @Test func `uses no directory that others could have prepared`() async throws {
    try await withSandbox { sandbox in
      let runtime = sandbox.runtimeFolder
      #expect(unsafe mkdir(runtime, 0o700) == 0)
      #expect(unsafe chmod(runtime, 0o1777) == 0)
      let outcome = try await sandbox.talk("list")
      #expect(outcome.status == 1)
      #expect(outcome.hasOneErrorLine)
    }
  }

  @Test func `another user's ush gets one line and exit status 1`() async throws {
    try #require(geteuid() == 0, "needs root, to become another user")
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let outcome = try await Command(
        "/usr/bin/setpriv",
        [
          "--reuid", "65534", "--regid", "65534", "--clear-groups", TestTools.ush, "status", "x",
          "--json",
        ],
        environment: sandbox.environment()
      ).run()
      #expect(outcome.status == 1, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine)
      #expect(outcome.output.contains(#""code":"not-permitted""#))
    }
  }
}
