import TestSupport
import Testing

/// The PODUS example: its two updates, and what can be asked about them.
@Suite(.timeLimit(.minutes(10))) struct PizzaTests {
  /// Slow enough that an update can be asked for between mixing and baking.
  private static let slow = ["PIZZA_MS": "400"]

  private func update(
    inPizza number: Int, changes: String, _ sandbox: Sandbox
  ) async throws -> (LiveReport, LiveProgram) {
    let (old, new) = try await bothVersions(of: Build("pizza"))
    let program = try await sandbox.run("pizza", old, environment: Self.slow)
    #expect(await program.prints("pizza \(number) contains", within: .seconds(30)))
    let (outcome, report) = try await program.update(
      to: new, "--changes", "\(Surroundings.repository)/fixtures/pizza/\(changes)")
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(await program.prints("TC pizza number \(number + 2) preparation begins"))
    return (report, program)
  }

  @Test func `in the plain update the pizza in the oven comes out wrong`() async throws {
    try await withSandbox { sandbox in
      let (report, program) = try await update(inPizza: 1, changes: "pizza2.changes", sandbox)
      let log = PizzaLog(program.output)
      #expect(log.faults.isEmpty)
      #expect(log.pizzas.prefix(2).map(\.versions) == [[1, 1, 1, 2, 1], [2, 2, 2, 2, 2]])
      #expect(report.warped == ["main"])
      #expect(
        report.preparation?.map(\.name)
          == ["read", "compare", "look up", "plan", "record", "inject", "unwind"])
      #expect(report.updated.sorted() == pizzaProcedures)
    }
  }

  @Test(arguments: ["pizza2.changes.sd", "pizza2.mproc.changes"])
  func `with semantic dependencies no pizza mixes recipes`(_ changes: String) async throws {
    try await withSandbox { sandbox in
      let (_, program) = try await update(inPizza: 1, changes: changes, sandbox)
      let log = PizzaLog(program.output)
      #expect(log.faults.isEmpty)
      #expect(log.pizzas.prefix(2).map(\.versions) == [[1, 1, 1, 1, 1], [2, 2, 2, 2, 2]])
    }
  }

  /// Asked for on the command line, or by a line of the changes file.
  @Test(arguments: ["--no-groups", nil])
  func `--no-groups drops the semantic dependencies`(option: String?) async throws {
    try await withSandbox { sandbox in
      let given = contents(of: "\(Surroundings.repository)/fixtures/pizza/pizza2.changes.sd")
      let changes = "\(sandbox.folder)/own.changes"
      try write(
        Array((given + (option == nil ? "\noption --no-groups\n" : "")).utf8), to: changes)
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: Self.slow)
      #expect(await program.prints("pizza 1 contains"))
      let (outcome, _) = try await program.update(
        to: new, "--changes", changes, option ?? "--wait=10")
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(await program.prints("TC pizza number 2 preparation begins"))
      #expect(PizzaLog(program.output).pizzas[0].versions == [1, 1, 1, 2, 1])
    }
  }

  @Test func `the same build again is already there`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      let (first, same) = try await program.update(to: old)
      #expect(first.status == 0 && same.result == "already" && same.to == 1)
      _ = try await program.update(to: new)
      let (second, again) = try await program.update(to: new)
      #expect(second.status == 0 && again.result == "already" && again.to == 2)
    }
  }

  @Test func `an update to the earlier build raises the version`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      _ = try await program.update(to: new)
      let (outcome, report) = try await program.update(to: old)
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(report.from == 2 && report.to == 3)
      let printed = program.printed
      #expect(await program.prints("\npizza number", after: printed))
      #expect(await program.prints("\npizza number", after: program.printed))
      #expect(PizzaLog(program.output).faults.isEmpty)
      #expect(try await sandbox.status(of: "pizza").version == 3)
    }
  }

  @Test func `--wait 0 says who waits, and wait sees it through`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: Self.slow)
      #expect(await program.prints("pizza 1 contains"))
      let (outcome, report) = try await program.update(to: new, "--wait", "0")
      #expect(outcome.status == 1 && report.result == "waiting", "\(outcome.summary)")
      #expect(report.waiting.contains { $0.procedure == "do_pizza" })
      #expect(report.waiting.allSatisfy { $0.tid == Int(program.process.pid) })
      #expect(try await sandbox.status(of: "pizza").state == "updating")
      let waited = try await sandbox.ush("wait", "pizza", "20")
      #expect(waited.status == 0, "\(waited.summary)")
      #expect(try await sandbox.status(of: "pizza").state == "running")
      #expect(await program.prints("TC pizza number"))
    }
  }

  @Test func `a cancelled update leaves the old version`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "600"])
      #expect(await program.prints("pizza number 1"))
      let (_, report) = try await program.update(
        to: new, "--wait", "0", "--changes",
        "\(Surroundings.repository)/fixtures/pizza/pizza2.changes.sd")
      #expect(report.result == "waiting")
      let cancelled = try await sandbox.ush("cancel", "pizza")
      #expect(cancelled.status == 0, "\(cancelled.summary)")
      #expect(await program.prints("pizza number 2 preparation begins"))
      #expect(await program.prints("pizza 2 contains"))
      #expect(!program.output.contains("TC"))
      #expect(program.unchanged.tracer == 0)
    }
  }
}
