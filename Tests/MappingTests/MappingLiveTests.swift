import TestSupport
import Testing

/// Updates with maps that include the generated header, of programs that run.
@Suite(.timeLimit(.minutes(5))) struct MappingLiveTests {
  /// The map of a fixture as written there, without its declarations by hand.
  private static func map(_ path: String) -> String {
    let text = contents(of: "\(Surroundings.repository)/fixtures/\(path)")
    let start = text.firstRange(of: "void mproc_")?.lowerBound ?? text.endIndex
    return "#include \"generated.h\"\n" + text[start...]
  }

  private static func prepare(
    _ build: Build, map: String, changes: String, _ sandbox: Sandbox
  ) async throws -> (old: String, new: String) {
    let old = try await FixtureBuilder.shared.built(build.at(version: 1)).executable
    let new = try await FixtureBuilder.shared.built(build.at(version: 2)).executable
    let outcome = try await sandbox.ush("diff", "--header", old, new, "-o", "generated.h")
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.summary)")
    try write(Array(Self.map(map).utf8), to: "\(sandbox.folder)/generated.maps.c")
    try write(Array("\(changes)\nmaps generated.maps.c\n".utf8), to: "\(sandbox.folder)/u.changes")
    return (old, new)
  }

  @Test func `an account is mapped through the generated declarations`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await Self.prepare(
        Build("retyped", pupccFlags: ["--keep-calls"]), map: "retyped/retyped.maps.c", changes: "",
        sandbox)
      let program = try await sandbox.run("retyped", old)
      #expect(await program.prints("moves 3 "))
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(sandbox.folder)/u.changes")
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("euros", after: program.printed))
      #expect(!program.output.contains("BAD"))
    }
  }

  @Test func `pizza numbers run on through the generated declarations`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await Self.prepare(
        Build("pizza"), map: "pizza/pizza2.maps.c",
        changes: "together set_oven_temp mix_ingredients bake_pizza do_pizza", sandbox)
      let program = try await sandbox.run("pizza", old)
      #expect(await program.prints("pizza number 2 preparation complete"))
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(sandbox.folder)/u.changes")
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("TC pizza", after: program.printed))
      #expect(await program.prints("preparation complete", after: program.printed))
      let log = PizzaLog(program.output)
      #expect(log.faults.isEmpty && log.mixed.isEmpty)
    }
  }
}
