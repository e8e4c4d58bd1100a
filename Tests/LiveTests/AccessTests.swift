import TestSupport
import Testing

/// Who may do what: another user, a debugger that is there already.
@Suite(.timeLimit(.minutes(10))) struct AccessTests {
  /// `ush` as an unprivileged user, in `sandbox` or in a runtime folder of its own.
  private func asNobody(
    _ sandbox: Sandbox, runtime: String, _ arguments: [String]
  ) async throws -> Command.Outcome {
    let environment = sandbox.environment(
      adding: ["PUP_RUNTIME_DIR": runtime, "XDG_STATE_HOME": "\(runtime)/state", "HOME": "/"])
    return try await Command(
      "/usr/bin/setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", "--", Surroundings.tool("ush")]
        + arguments,
      environment: environment
    ).run()
  }

  private func open(_ sandbox: Sandbox) async throws {
    let outcome = try await Command(
      "/bin/chmod", ["-R", "a+rwX", sandbox.folder]
    ).run()
    #expect(outcome.status == 0)
  }

  @Test func `another user may not talk to the pup`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      let before = program.unchanged
      for isOpen in [false, true] {
        if isOpen { try await open(sandbox) }
        let outcome = try await asNobody(
          sandbox, runtime: sandbox.runtimeFolder, ["update", "pizza", new])
        #expect(outcome.status == 1, "\(outcome.summary)")
        #expect(outcome.hasOneErrorLine, "\(outcome.summary)")
      }
      #expect(await program.goesOn())
      #expect(program.unchanged == before)
      #expect(!program.output.contains("TC"))
    }
  }

  @Test func `another user may not trace the target`() async throws {
    try await withSandbox { sandbox in
      let (old, _) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      let before = program.unchanged
      try await open(sandbox)
      let outcome = try await asNobody(
        sandbox, runtime: "\(sandbox.folder)/theirs",
        ["attach", "pizza", "\(program.process.pid)"])
      #expect(outcome.status == 1, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine, "\(outcome.summary)")
      #expect(outcome.errors.contains("permission"), "\(outcome.summary)")
      #expect(await program.goesOn())
      #expect(program.unchanged == before)
    }
  }

  @Test func `a target that gdb traces is left alone until gdb has gone`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      #expect(await program.prints("pizza number 1"))
      let gdb = try Command(
        "/usr/bin/gdb",
        ["-nx", "-q", "-batch", "-p", "\(program.process.pid)", "-ex", "shell sleep 3"]
      ).start()
      defer { signal(.kill, to: gdb.pid) }
      #expect(await eventually { program.process.tracer > 0 })
      let outcome = try await sandbox.ush("update", "pizza", new)
      #expect(outcome.status == 1, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine && outcome.errors.contains("traced"), "\(outcome.summary)")
      #expect(await eventually { !gdb.isRunning })
      #expect(await program.goesOn())
      #expect(!program.output.contains("TC"))
      let (later, report) = try await program.update(to: new)
      #expect(later.status == 0 && report.result == "updated", "\(later.summary)")
    }
  }
}
