import Glibc
import PupProtocol
import TestSupport
import Testing

/// `ush`, `pupmapper` and pups as processes; updates are played by the scripted pup.
@Suite(.timeLimit(.minutes(2))) struct ProgramLifeTests {
  @Test func `runs in the caller's directory and environment, and keeps the output`() async throws {
    try await withSandbox { sandbox in
      let run = try await sandbox.talk(
        "run", "x", "/bin/sh", "-c", "pwd; echo $TICK_MS; echo to stderr >&2; read a; echo got $?")
      #expect(run.status == 0, "\(run.summary)")
      #expect(try await eventually { try await sandbox.state(of: "x") == "exited" })
      let logs = try await sandbox.talk("logs", "x")
      #expect(logs.output == "\(sandbox.folder)\n10\nto stderr\ngot 1\n")
      let status = try await sandbox.talk("status", "x", "--json")
      #expect(status.output.contains(#""exit":0"#))
      #expect(status.output.contains(#""log":"\#(sandbox.folder)/state/pup/logs/x/"#))
    }
  }

  @Test func `tells how a program ended`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sh", "-c", "exit 7")
      #expect(try await eventually { try await sandbox.state(of: "x") == "exited" })
      #expect(try await sandbox.talk("status", "x", "--json").output.contains(#""exit":7"#))
      #expect(try await sandbox.talk("stop", "x").status == 0)
    }
  }

  @Test func `a live name is taken, an ended one is replaced`() async throws {
    try await withSandbox { sandbox in
      #expect(try await sandbox.talk("run", "x", "/bin/sleep", "1000").status == 0)
      let second = try await sandbox.talk("run", "x", "/bin/sleep", "1000", "--json")
      #expect(second.status == 1)
      #expect(second.hasOneErrorLine)
      #expect(try await sandbox.talk("stop", "x").status == 0)
      #expect(try await sandbox.state(of: "x") == "exited")
      #expect(try await sandbox.talk("run", "x", "/bin/sleep", "1000").status == 0)
      #expect(try await sandbox.state(of: "x") == "running")
    }
  }

  @Test func `of many that take one name at once, one gets it`() async throws {
    try await withSandbox { sandbox in
      let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<6 {
          group.addTask { try await sandbox.talk("run", "x", "/bin/sleep", "1000").status }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.sorted() == [0, 1, 1, 1, 1, 1])
      let setting = "PUP_RUNTIME_DIR=\(sandbox.runtimeFolder)"
      let mappers = ProcessView.all(withEnvironment: setting).filter {
        contents(of: "/proc/\($0.pid)/comm") == "pupmapper\n"
      }
      #expect(mappers.count == 1)
    }
  }

  @Test func `a start that fails leaves no program behind`() async throws {
    try await withSandbox { sandbox in
      for program in ["/nonexistent", sandbox.folder, "/bin/false"] {
        let outcome = try await sandbox.talk("run", "--json", "x", program)
        #expect(outcome.status == 1, "\(outcome.summary)")
        #expect(outcome.hasOneErrorLine)
        #expect(outcome.output.hasPrefix(#"{"error":{"code":""#))
      }
      #expect(try await sandbox.talk("status", "x").status == 3)
    }
  }

  @Test func `stop kills what ignores SIGTERM`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk(
        "run", "x", "/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
      #expect(try await eventually { try await sandbox.talk("logs", "x").output == "ready\n" })
      let socket = "\(sandbox.runtimeFolder)/x.socket"
      let answer = try RawClient(socket).ask(
        #"{"method":"org.podus.pup.Stop","parameters":{"seconds":0.2}}"#)
      #expect(answer?.contains(#""exit":137"#) == true)
    }
  }

  @Test func `a killed pup leaves a program that is lost, and can be attached`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sh", "-c", "echo one; exec sleep 1000")
      let before = try await sandbox.status(of: "x", using: TestTools.ush)
      signal(.kill, to: Int32(before.pup))
      #expect(try await eventually { try await sandbox.state(of: "x") == "lost" })
      #expect(kill(Int32(before.target), 0) == 0)
      #expect(try await sandbox.talk("list").output.contains("lost"))
      #expect(try await sandbox.talk("logs", "x").output == "one\n")
      let update = try await sandbox.talk("update", "x", TestTools.ush)
      #expect(update.status == 1)
      #expect(try await sandbox.talk("run", "x", "/bin/true").status == 1)
      let attached = try await sandbox.talk("attach", "x")
      #expect(attached.status == 0, "\(attached.summary)")
      let after = try await sandbox.status(of: "x", using: TestTools.ush)
      #expect(after.target == before.target)
      #expect(after.pup != before.pup)
      #expect(after.log == before.log)
      #expect(try await sandbox.talk("attach", "x").status == 1)
    }
  }

  @Test func `stop ends a program whose pup died`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let before = try await sandbox.status(of: "x", using: TestTools.ush)
      signal(.kill, to: Int32(before.pup))
      #expect(try await eventually { try await sandbox.state(of: "x") == "lost" })
      #expect(try await sandbox.talk("stop", "x").status == 0)
      #expect(ProcessIdentity(pid: before.target) == nil)
      #expect(try await sandbox.state(of: "x") == "exited")
      #expect(try await sandbox.talk("attach", "x").status == 1)
    }
  }

  @Test func `a pup that is told to end leaves the target running`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let before = try await sandbox.status(of: "x", using: TestTools.ush)
      signal(.terminate, to: Int32(before.pup))
      #expect(await eventually { ProcessIdentity(pid: before.pup) == nil })
      #expect(ProcessIdentity(pid: before.target) != nil)
      #expect(try await sandbox.state(of: "x") == "lost")
      #expect(try await sandbox.talk("stop", "x").status == 0)
    }
  }
  @Test func `in the foreground a pup passes on SIGTERM and the exit status`() async throws {
    try await withSandbox { sandbox in
      let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"
      let pup = try Command(
        TestTools.pup, ["x", "--", "/bin/sh", "-c", script], environment: sandbox.environment()
      ).start()
      #expect(await eventually { pup.output == "ready\n" })
      #expect(try await sandbox.state(of: "x") == "running")
      #expect(try await sandbox.talk("logs", "x").status == 1)
      signal(.terminate, to: pup.pid)
      #expect(await eventually { !pup.isRunning })
      #expect(try await sandbox.field("exit", of: "x") == "9")
      #expect(unsafe access("\(sandbox.runtimeFolder)/x.socket", F_OK) != 0)
    }
  }

  @Test func `a pup that stands still holds up neither list nor the others`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      _ = try await sandbox.talk("run", "y", "/bin/sleep", "1000")
      let still = try await sandbox.status(of: "x", using: TestTools.ush)
      kill(pid_t(still.pup), SIGSTOP)
      defer { kill(pid_t(still.pup), SIGCONT) }
      let list = try await sandbox.talk("list", timeout: .seconds(8))
      #expect(list.status == 0, "\(list.summary)")
      #expect(list.output.contains("x     running"))
      #expect(try await sandbox.talk("stop", "y", timeout: .seconds(2)).status == 0)
    }
  }
}

extension Sandbox {
  /// `state` of `ush status NAME --json`, empty if there is no such program.
  func state(of name: String) async throws -> String {
    try await field("state", of: name)
  }

  /// The text of one field of a program's status.
  func field(_ field: String, of name: String) async throws -> String {
    let text = try await talk("status", name, "--json").output
    guard let start = text.firstRange(of: "\"\(field)\":") else { return "" }
    return String(text[start.upperBound...].prefix { $0 != "," && $0 != "}" })
      .replacing("\"", with: "")
  }

  /// The process IDs and the log of a program.
  func status(
    of name: String, using ush: String
  ) async throws -> (pup: Int, target: Int, log: String) {
    let text = try await talk("status", name, "--json").output
    func number(after key: String) -> Int {
      guard let start = text.firstRange(of: key) else { return 0 }
      let rest = text[start.upperBound...]
      guard let pid = rest.firstRange(of: "\"pid\":") else { return 0 }
      return Int(rest[pid.upperBound...].prefix { $0.isNumber }) ?? 0
    }
    let log = try await field("log", of: name)
    return (number(after: #""pup":"#), number(after: #""target":"#), log)
  }
}
