import TestSupport
import Testing

/// Static data: changed initialisers, changed types, changed signatures.
@Suite(.timeLimit(.minutes(10))) struct DataTests {
  @Test(arguments: [false, true])
  func `an initialiser's new value is taken only by an untouched datum`(
    isTouched: Bool
  ) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("limit"))
      let program = try await sandbox.run("limit", old)
      #expect(await program.prints("limit 10\n"))
      if isTouched {
        signal(.user1, to: program.process.pid)
        #expect(await program.prints("limit 15\n"))
      }
      let outcome = try await sandbox.ush("update", "limit", new)
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(outcome.output.contains(isTouched ? "keep limit" : "reset limit"))
      #expect(!outcome.output.contains(isTouched ? "reset limit" : "keep limit"))
      let printed = program.printed
      #expect(await program.prints("\nlimit \(isTouched ? 15 : 20)\n", after: printed))
    }
  }

  @Test func `a changed type without a map is refused and with one is mapped`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("retyped", pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run("retyped", old)
      #expect(await program.prints("moves 3 "))
      let (refused, report) = try await program.update(to: new)
      #expect(refused.status == 1 && report.result == "refused", "\(refused.summary)")
      #expect(report.reason?.contains("account") == true)
      #expect(await program.goesOn())

      let (outcome, mapped) = try await program.update(
        to: new, "--changes", "\(Surroundings.repository)/fixtures/retyped/retyped.changes")
      #expect(outcome.status == 0 && mapped.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("euros", after: program.printed))
      #expect(!program.output.contains("BAD"))
    }
  }

  @Test func `a new parameter needs no map when all callers change`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("signature", pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run("signature", old)
      #expect(await program.prints("area 49 of a square"))
      let (outcome, report) = try await program.update(to: new)
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("area 21 of a rectangle"))
      let lines = Set(program.output.split(separator: "\n"))
      #expect(lines == ["area 49 of a square", "area 21 of a rectangle"])
    }
  }

  @Test func `a new parameter is refused while the address may be stored`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(
        of: Build("signature-pointer", pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run("shape", old)
      #expect(await program.prints("area 49 of a square"))
      let (outcome, report) = try await program.update(to: new)
      #expect(outcome.status == 1 && report.result == "refused", "\(outcome.summary)")
      #expect(report.reason?.contains("area") == true)
      #expect(await program.goesOn())
      #expect(!program.output.contains("rectangle"))
    }
  }

  @Test(arguments: ["mproc-crash", "mproc-loop"])
  func `an mprocedure that fails undoes the update`(_ fixture: String) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build(fixture, pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run("counter", old)
      #expect(await program.prints("count 2\n"))
      let before = program.unchanged
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(Surroundings.repository)/fixtures/\(fixture)/\(fixture).changes")
      #expect(outcome.status == 1 && report.result == "undone", "\(outcome.summary)")
      #expect(report.reason?.contains("mproc_count") == true)
      #expect(outcome.hasOneErrorLine || outcome.errors.isEmpty, "\(outcome.summary)")
      #expect(await program.goesOn())
      #expect(program.unchanged == before)
      let numbers = program.output.split(separator: "\n").map { $0.dropFirst("count ".count) }
      #expect(numbers.enumerated().allSatisfy { $1 == "\($0 + 1)" }, "\(program.output.suffix(80))")
    }
  }
}
