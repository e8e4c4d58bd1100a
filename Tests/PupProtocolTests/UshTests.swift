import Glibc
import PupProtocol
import TestSupport
import Testing
import UshKit

@Suite(.timeLimit(.minutes(2))) struct UshTests {
  @Test(arguments: [
    ["dance"], ["status", "a", "b"], ["update", "x"], ["update", "x", "y", "--wait", "soon"],
    ["update", "x", "y", "--wait", "inf"], ["run"], ["status", "--jsn"], ["-c"],
    ["-f", "/nonexistent"], ["-c", "status 'x"], ["run", "a/b", "/bin/true"],
    ["update", "x", "/nonexistent"], ["attach", "x", "many"],
  ])
  func `an unusable line is exit status 2 and one line`(_ arguments: [String]) async throws {
    try await withSandbox { sandbox in
      let outcome = try await sandbox.talk(arguments)
      #expect(outcome.status == 2, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine)
      #expect(outcome.errors.hasPrefix("ush: "))
      #expect(outcome.output.isEmpty)
    }
  }

  @Test func `with --json an unusable line is told on stdout too`() async throws {
    try await withSandbox { sandbox in
      let outcome = try await sandbox.talk("status", "a", "b", "--json")
      #expect(outcome.status == 2)
      #expect(outcome.hasOneErrorLine)
      #expect(outcome.output.hasPrefix(#"{"error":{"code":"usage","message":""#))
    }
  }

  @Test(arguments: [
    "status", "update", "wait", "cancel", "attach", "stop", "logs", "watch", "load", "stack",
    "explain", "versions", "graph",
  ])
  func `no program of that name is exit status 3`(_ command: String) async throws {
    try await withSandbox { sandbox in
      let more = ["update", "load", "explain"].contains(command) ? [TestTools.ush] : []
      let outcome = try await sandbox.talk([command, "nobody"] + more + ["--json"])
      #expect(outcome.status == 3, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine)
      #expect(outcome.output.hasPrefix(#"{"error":{"code":"no-such-program""#))
    }
  }

  @Test(arguments: [
    "run", "update", "status", "list", "wait", "cancel", "attach", "stop", "logs", "load", "watch",
    "diff", "stack", "explain", "versions", "doctor", "graph",
  ])
  func `each command has help with examples`(_ command: String) async throws {
    try await withSandbox { sandbox in
      let outcome = try await sandbox.talk(command, "--help")
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("EXAMPLES\n  ush \(command)"))
      #expect(outcome.output.contains("--json"))
    }
  }

  @Test func `the outcome of an update is its exit status`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let done = try await sandbox.talk("update", "x", try program("done", in: sandbox.folder))
      #expect(done.status == 0)
      #expect(done.output == "x: version 1 to 2, 1 changed, 0 warped, 1 pause of at most 40 µs\n")
      let refused = try await sandbox.talk(
        "update", "x", try program("refused", in: sandbox.folder), "--json")
      #expect(refused.status == 1)
      #expect(refused.hasOneErrorLine)
      #expect(refused.output.contains(#""result":"refused""#))
      #expect(refused.output.contains(#""error":{"code":"refused""#))
      let unprepared = try await sandbox.talk("update", "x", TestTools.ush)
      #expect(unprepared.status == 2)
      #expect(unprepared.hasOneErrorLine)
    }
  }

  @Test func `an update that waits can be waited for and cancelled`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let waits = try program("waits", in: sandbox.folder)
      let first = try await sandbox.talk("update", "x", waits, "--wait", "0.1")
      #expect(first.status == 1)
      #expect(first.hasOneErrorLine)
      #expect(first.output.contains("f waits for thread 7 in g+0x10"))
      #expect(try await sandbox.state(of: "x") == "updating")
      #expect(try await sandbox.talk("wait", "x", "0.1").status == 1)
      #expect(try await sandbox.talk("cancel", "x").status == 0)
      #expect(try await sandbox.talk("cancel", "x").status == 1)
      _ = try await sandbox.talk("update", "x", waits, "--wait", "0")
      try write([], to: waits + ".go")
      #expect(try await sandbox.talk("wait", "x").status == 0)
      #expect(try await sandbox.field("version", of: "x") == "2")
    }
  }

  @Test func `an update outlives the ush that asked for it`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let waits = try program("waits", in: sandbox.folder)
      let ush = try Command(
        TestTools.ush, ["update", "x", waits, "--wait", "60"], environment: sandbox.environment()
      ).start()
      #expect(try await eventually { try await sandbox.state(of: "x") == "updating" })
      ush.kill()
      #expect(await eventually { !ush.isRunning })
      #expect(try await sandbox.state(of: "x") == "updating")
      try write([], to: waits + ".go")
      #expect(try await sandbox.talk("wait", "x").status == 0)
    }
  }

  @Test func `an interrupt leaves the view and says so`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let waits = try program("waits", in: sandbox.folder)
      let ush = try Command(
        TestTools.ush, ["update", "x", waits, "--wait", "60", "--json"],
        environment: sandbox.environment()
      ).start()
      #expect(try await eventually { try await sandbox.state(of: "x") == "updating" })
      kill(ush.pid, SIGINT)
      #expect(await eventually { !ush.isRunning })
      #expect(ush.output.contains(#""code":"interrupted""#))
      #expect(try await sandbox.state(of: "x") == "updating")
    }
  }

  @Test func `follows the output until the program ends`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk(
        "run", "x", "/bin/sh", "-c", "echo one; sleep 0.5; echo two; sleep 0.3; printf three")
      let logs = try await sandbox.talk("logs", "-f", "x")
      #expect(logs.status == 0)
      #expect(logs.output == "one\ntwo\nthree")
      let lines = try await sandbox.talk("logs", "-f", "x", "--json")
      #expect(lines.output == "{\"line\":\"one\"}\n{\"line\":\"two\"}\n{\"line\":\"three\"}\n")
    }
  }

  @Test func `carries out a file of commands up to the first that fails`() async throws {
    try await withSandbox { sandbox in
      let file = sandbox.folder + "/steps"
      try write(
        Array(
          """
          # a comment
          run x /bin/sh -c 'echo "a  b"; sleep 1000'

          status "x" --json   # another
          status nobody
          list
          """.utf8), to: file)
      let outcome = try await sandbox.talk("-f", file)
      #expect(outcome.status == 3, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine)
      #expect(outcome.output.contains(#""program":"x""#))
      #expect(!outcome.output.contains("NAME"))
      #expect(try await eventually { try await sandbox.talk("logs", "x").output == "a  b\n" })
      let both = try await sandbox.talk("-c", "status x --json", "-c", "list")
      #expect(both.status == 0)
      #expect(both.output.contains("NAME"))
    }
  }

  @Test func `prints nothing but text into a pipe`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let outcome = try await sandbox.talk("status", "x")
      #expect(!outcome.output.contains("\u{1b}"))
      #expect(outcome.output.hasPrefix("x: running, version 1\n"))
    }
  }

  @Test(arguments: [
    ("a b", ["a", "b"]), ("  a\tb  ", ["a", "b"]), ("'a b' c", ["a b", "c"]),
    (#""a 'b' \"c\"" d\ e"#, [#"a 'b' "c""#, "d e"]), ("# all", []), ("a#b #c", ["a#b"]),
    ("''", [""]), ("", []),
  ])
  func `cuts a line into words as a shell does`(_ line: String, _ words: [String]) throws {
    #expect(try WordSplitter.words(of: line) == words)
  }
}
