import Foundation
import Testing

/// Walks at random points of many programs' runs, compared with those of an independent debugger.
///
/// `UNWIND_POINTS` in the environment asks for more points, and `UNWIND_SEED` for others.
@Suite(.timeLimit(.minutes(30))) struct UnwindOracleTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let points = environment["UNWIND_POINTS"].flatMap { Int($0) } ?? 1000
  private static let seed = environment["UNWIND_SEED"].flatMap { UInt64($0) } ?? 1

  @Test func `every walk is gdb's, or says where it stops`() async throws {
    let count = (Self.points + OracleProgram.all.count - 1) / OracleProgram.all.count
    var table = OracleTable()
    for program in OracleProgram.all {
      let compiled = try await CompiledProgram(
        program.name, program.flags, isPrepared: program.isPrepared)
      let record = try await OracleRecord(program: compiled.path, count: count, seed: Self.seed)
      let tally = OracleTally(record)
      table.append(program, tally)
      #expect(tally.pointCount >= count, "\(program), seed \(Self.seed)")
      #expect(tally.disagreements == [], "\(program), seed \(Self.seed)")
      #expect(tally.sameCount * 10 >= tally.pointCount * 8, "\(program), seed \(Self.seed)")
    }
    // Of one program too few are compared here for a share of them to mean anything.
    #expect(table.notSafeWithInformationCount * 100 <= table.pointCount, "seed \(Self.seed)")
    if let path = Self.environment["UNWIND_TABLE"] { try table.write(to: path) }
  }

  @Test func `a longjmp under way has the frames that it returns to`() async throws {
    let program = try await CompiledProgram("shapes", ["-O2"])
    let record = try await OracleRecord(
      program: program.path, count: 80, seed: Self.seed, places: ["__longjmp"])
    let tally = OracleTally(record)
    #expect(record.names.values.contains { $0.hasPrefix("__longjmp ") })
    #expect(tally.disagreements == [])
    #expect(tally.sameCount == tally.pointCount, "\(tally.notSafe())")
  }

  @Test func `every rule and operator is understood as gdb understands it`() async throws {
    let names = [
      "with_remembered", "with_value_offset", "with_register", "with_stack_register",
      "with_expression", "with_sums", "with_branches", "with_saved_pointer",
    ]
    let program = try await CompiledProgram("rules", ["-O2"])
    let record = try await OracleRecord(
      program: program.path, count: 400, seed: Self.seed, places: names)
    let tally = OracleTally(record)
    for name in names { #expect(record.names.values.contains("\(name) (rules)"), "\(name)") }
    #expect(tally.disagreements == [])
    #expect(tally.notSafe().allSatisfy { $0.reason == "noUnwindRow in bare (rules)" })
  }
}
