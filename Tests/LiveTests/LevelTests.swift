import TestSupport
import Testing

/// Every way to build the pizza program: what can be updated is, the rest is refused with its cure.
@Suite(.timeLimit(.minutes(10))) struct LevelTests {
  enum Linking: String, CaseIterable {
    case pie, fixed, alone

    var flags: [String] {
      switch self {
      case .pie: ["-fPIE", "-pie"]
      case .fixed: ["-fno-pie", "-no-pie"]
      case .alone: ["-static"]
      }
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var level: String
    var linking: Linking
    var isStatic: Bool
    var keepsCalls: Bool

    var build: Build {
      Build(
        "pizza", flags: [level] + linking.flags + (isStatic ? ["-DSTATIC=static"] : []),
        pupccFlags: keepsCalls ? ["--keep-calls"] : [])
    }

    /// Static procedures that are called once fold into main at every level but the lowest.
    var foldsIntoMain: Bool { isStatic && !keepsCalls && level != "-O0" }

    var testDescription: String {
      "\(level) \(linking) \(isStatic ? "static" : "global")\(keepsCalls ? " --keep-calls" : "")"
    }
  }

  /// Each level with both kinds of procedures, with and without kept calls; the ways to link are
  /// dealt out over these, so that each meets each level.
  static let cases: [Case] = {
    var cases: [Case] = []
    for level in ["-O0", "-O1", "-O2", "-O3", "-Os"] {
      for (isStatic, keepsCalls) in [(false, false), (true, false), (false, true), (true, true)] {
        let linking = Linking.allCases[cases.count % Linking.allCases.count]
        cases.append(
          Case(level: level, linking: linking, isStatic: isStatic, keepsCalls: keepsCalls))
      }
    }
    return cases
  }()

  @Test(arguments: cases.filter { !$0.foldsIntoMain })
  func `an update takes effect in the same process`(_ example: Case) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: example.build)
      let program = try await sandbox.run("pizza", old)
      #expect(await program.prints("pizza number 2 preparation begins"))
      let before = program.unchanged

      let (outcome, report) = try await program.update(to: new)

      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(report.result == "updated")
      #expect(report.from == 1 && report.to == 2)
      #expect(report.changed.map(bareName).sorted() == pizzaProcedures)
      #expect(report.updated.map(bareName).sorted() == pizzaProcedures)
      #expect(await program.prints("TC pizza number", after: program.printed))
      #expect(await program.prints("TC pizza number", after: program.printed))
      #expect(program.unchanged == before)
      #expect(before.tracer == 0)
      let log = PizzaLog(program.output)
      #expect(log.faults.isEmpty)
      #expect(log.mixed.count <= 1)
      #expect(log.pizzas.first?.versions.first == 1 && log.pizzas.last?.versions.first == 2)
    }
  }

  @Test(arguments: cases.filter(\.foldsIntoMain))
  func `what was inlined into main is refused by name with its cure`(_ example: Case) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: example.build)
      let program = try await sandbox.run("pizza", old)
      let before = program.unchanged

      let (outcome, report) = try await program.update(to: new)

      #expect(outcome.status == 1, "\(outcome.summary)")
      #expect(report.result == "refused")
      let reason = report.reason ?? ""
      #expect(pizzaProcedures.contains { reason.contains($0) }, "\(reason)")
      #expect(reason.contains("main") && reason.contains("--keep-calls"), "\(reason)")
      #expect(await program.goesOn())
      #expect(program.unchanged == before)
      #expect(!program.output.contains("TC"))
    }
  }
}

/// The procedures that change between the pizza program's versions, sorted.
let pizzaProcedures = ["bake_pizza", "do_pizza", "mix_ingredients", "set_oven_temp"]

/// `name` of `file.c:name`.
func bareName(_ name: String) -> String {
  String(name.split(separator: ":").last ?? "")
}

/// The executables of versions 1 and 2.
func bothVersions(of build: Build) async throws -> (old: String, new: String) {
  let old = try await FixtureBuilder.shared.built(build.at(version: 1))
  let new = try await FixtureBuilder.shared.built(build.at(version: 2))
  return (old.executable, new.executable)
}

/// Runs version 1 of a program that checks itself, and updates it to version 2 and back three times.
///
/// - Parameters:
///   - build: the program.
///   - beginning: what it prints once it is to be updated.
///   - lineCount: how many lines of each version are waited for.
///   - place: where a failed expectation is to be shown.
/// - Throws: when the program cannot be built or started.
func checkBackAndForth(
  _ build: Build, beginning: String = "version 1", lineCount: Int = 1,
  _ place: SourceLocation = #_sourceLocation
) async throws {
  try await withSandbox { sandbox in
    let (old, new) = try await bothVersions(of: build)
    let program = try await sandbox.run("program", old)
    #expect(await program.prints(beginning), sourceLocation: place)
    for _ in 1...3 {
      for (executable, line) in [(new, "version 2"), (old, "version 1")] {
        let (outcome, report) = try await program.update(to: executable)
        #expect(
          outcome.status == 0 && report.result == "updated", "\(outcome.summary)",
          sourceLocation: place)
        for _ in 1...lineCount {
          #expect(await program.prints(line, after: program.printed), sourceLocation: place)
        }
      }
    }
    #expect(
      !program.output.contains("BAD"), "\(program.output.suffix(600))", sourceLocation: place)
  }
}
