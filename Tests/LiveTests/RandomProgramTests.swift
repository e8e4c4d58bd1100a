import TestSupport
import Testing

/// Random programs against a model of them; see `docs/random-programs.md`.
@Suite(.timeLimit(.minutes(10))) struct RandomProgramTests {
  @Test func `programs do what the model says, whenever they are updated`() async throws {
    let outcome = try await Self.run("--cases", "25", "--seed", "7000", "--jobs", "2")
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(outcome.output.hasSuffix("25 cases, 0 wrong\n"), "\(outcome.output)")
  }

  @Test func `the model sees what was planted`() async throws {
    let outcome = try await Self.run("--self-test", "--seed", "7000")
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(outcome.output.hasSuffix("every planted fault was seen\n"), "\(outcome.output)")
  }

  private static func run(_ arguments: String...) async throws -> Command.Outcome {
    try await Command(
      "/usr/bin/python3",
      [
        "-B", "\(Surroundings.repository)/Tests/LiveTests/RandomPrograms/random_programs.py",
        "--tools", Surroundings.tools,
      ] + arguments, timeout: .seconds(400)
    ).runInTurn()
  }
}
