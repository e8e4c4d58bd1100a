import TestSupport
import Testing

/// Programs whose stacks and system calls make an update hard.
@Suite(.timeLimit(.minutes(10))) struct StackTests {
  @Test func `a deep recursion and eight busy threads drain`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("held"))
      let program = try await sandbox.run("held", old, environment: ["HOLD_MS": "100"])
      #expect(await program.prints("descended"))
      let (outcome, report) = try await program.update(to: new, "--wait", "20")
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      let printed = program.printed
      #expect(await program.prints("bottom of version 2", after: printed))
      #expect(await program.prints("descended", after: program.printed))
      let after = String(program.output.utf8.dropFirst(printed)) ?? ""
      #expect(!after.contains("leaves version 1"))
      #expect(!program.output.contains("BAD"))
      #expect(program.unchanged.tracer == 0)
    }
  }

  @Test func `waits that a stop interrupts go on and show no EINTR`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("waits", pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run("waits", old)
      #expect(await program.prints("version 1"))
      for executable in [new, old, new] {
        let (outcome, report) = try await program.update(to: executable)
        #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      }
      #expect(await program.prints("version 2", after: program.printed))
      let wrong = program.output.split(separator: "\n").filter { $0.contains("BAD") }
      #expect(wrong.isEmpty && !program.output.contains("interrupted 1"), "\(wrong)")
    }
  }

  @Test(arguments: ["exit", "exec", "fork"])
  func `a target that ends, execs or forks during an update`(_ mode: String) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("fork-exec"))
      // The signal is to come within the step in which the update began.
      let program = try await sandbox.run("target", old, [mode], environment: ["TICK_MS": "100"])
      #expect(await program.prints("begins step 1"))
      let (_, report) = try await program.update(to: new, "--wait", "0")
      #expect(report.result == "waiting")
      signal(.user1, to: program.process.pid)
      let waited = try await sandbox.ush("wait", "target", "10")
      if mode == "fork" {
        #expect(waited.status == 0, "\(waited.summary)")
        #expect(
          await eventually { program.output.contains(/parent begins step \d+ of version 2/) })
        #expect(await program.prints("child begins step"))
      } else {
        #expect(waited.status == 1, "\(waited.summary)")
        #expect(waited.hasOneErrorLine, "\(waited.summary)")
      }
      let status = try await sandbox.status(of: "target")
      if mode == "exit" {
        #expect(status.state == "exited" && status.target.exit == 3)
      } else {
        #expect(await program.goesOn())
        #expect(program.process.tracer == 0)
      }
      if mode == "exec" {
        let again = try await sandbox.ush("update", "target", new)
        #expect(again.status == 1 && again.hasOneErrorLine, "\(again.summary)")
        #expect(again.errors.contains("runs another program now"), "\(again.summary)")
        #expect(await program.goesOn())
      }
    }
  }
}
