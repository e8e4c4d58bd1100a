import Foundation
import TestSupport
import Testing

/// The pup is killed in the middle of an update: the target runs on, and the next pup puts it right.
@Suite(.timeLimit(.minutes(10))) struct PupDeathTests {
  /// The steps at which a pup that finds them in PUP_TEST_DIE_AT kills itself.
  static let steps =
    ["begun", "injected", "decided", "one-stored", "stored", "gated", "ending"]
    + (Surroundings.isInTableMode ? [] : ["redirected"])

  /// Attaches a new pup and checks that the program ends up in one version or the other.
  private func attach(
    _ program: LiveProgram, before: Sandbox.Unchanged, new: String,
    changes: String = "pizza2.changes.sd"
  ) async throws {
    #expect(await program.goesOn())
    // A map that ran must not run again: meanwhile the numbers go on.
    #expect(await program.prints("complete", after: program.printed))
    #expect(await program.prints("complete", after: program.printed))
    #expect(await eventually { program.unchanged == before })
    let state = try await program.sandbox.status(of: program.name).state
    #expect(state == "lost")

    let attached = try await program.sandbox.ush("attach", program.name)
    #expect(attached.status == 0, "\(attached.summary)")
    let says = attached.output + attached.errors
    let isFinished = says.contains("finished")
    let isUndone = says.contains("undone")

    #expect(!(isFinished && isUndone), "\(attached.summary)")
    #expect(!says.contains("goes on"), "\(attached.summary)")
    if isFinished {
      #expect(await program.prints("TC pizza number", after: program.printed))
    } else {
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(Surroundings.repository)/fixtures/pizza/\(changes)")
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(["updated", "already"].contains(report.result))
    }
    #expect(await program.prints("TC pizza number", after: program.printed))
    let printed = program.printed
    #expect(await program.prints("complete", after: printed))
    let log = PizzaLog(program.output)
    #expect(log.faults.isEmpty, "\(log.faults)")
    #expect(log.mixed.isEmpty, "\(log.mixed)")
    #expect(program.unchanged == before)
  }

  @Test(arguments: steps, ["pizza2.changes.sd", "pizza2.mproc.changes"])
  func `a pup that dies at a named step`(_ step: String, _ changes: String) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PUP_TEST_DIE_AT": step])
      #expect(await program.prints("pizza number 1"))
      let before = program.unchanged
      let outcome = try await sandbox.ush(
        "update", "pizza", new, "--changes",
        "\(Surroundings.repository)/fixtures/pizza/\(changes)")
      #expect(outcome.status == 1, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine, "\(outcome.summary)")
      try await attach(program, before: before, new: new, changes: changes)
    }
  }

  /// Milliseconds after the request; `scripts/soak` asks for many by PUP_SOAK_DEATHS.
  static let moments: [Int] = {
    let wanted = ProcessInfo.processInfo.environment["PUP_SOAK_DEATHS"].flatMap { Int($0) }
    guard let wanted else { return [0, 10, 20, 30, 50, 80, 120, 200] }
    return (0..<wanted).map { $0 * 250 / max(wanted, 1) }
  }()

  @Test(arguments: moments)
  func `a pup that dies at a moment of chance`(milliseconds: Int) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      #expect(await program.prints("pizza number 1"))
      let before = program.unchanged
      let pup = try await sandbox.status(of: "pizza").pup.pid ?? 0
      async let asked = sandbox.ush(
        "update", "pizza", new, "--changes",
        "\(Surroundings.repository)/fixtures/pizza/pizza2.changes.sd")
      await pause(.milliseconds(milliseconds + Int.random(in: 0..<10)))
      signal(.kill, to: pup)
      _ = try await asked
      try await attach(program, before: before, new: new)
    }
  }
}
