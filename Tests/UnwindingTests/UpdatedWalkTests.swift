import TestSupport
import Testing
import Unwinding
import VersionSpace

/// Walks of a program that runs code of a later version.
@Suite(.timeLimit(.minutes(3))) struct UpdatedWalkTests {
  @Test func `a program that was updated is walked as its own unwinder walks it`() async throws {
    let old = try await CompiledProgram("updated", ["-O2", "-DVERSION=1"], isPrepared: true)
    let new = try await CompiledProgram("updated", ["-O2", "-DVERSION=2"], isPrepared: true)
    try await withSandbox { sandbox in
      let program = try await sandbox.run("updated", old.path)
      let outcome = try await sandbox.ush("update", "updated", new.path)
      #expect(outcome.status == 0, "\(outcome.summary)")
      let record = try await OracleRecord(
        program: old.path, count: 150, seed: 1, process: program.process.pid)
      #expect(record.points.count == 150)
      let table = UnwindTable(record.modules)
      let arena = record.modules.filter { $0.name == "arena" }.flatMap(\.codeRanges)
      var injectedFrameCount = 0
      for (number, point) in record.points.enumerated() {
        let stack = StackWalker.walk(
          tid: 1, registers: point.registers, memory: point.memory, table: table, limit: 1000)
        #expect(stack.programCounters == point.places.map(\.counter), "point \(number)")
        #expect(stack.end == .outermost, "point \(number)")
        injectedFrameCount += stack.programCounters.count { counter in
          arena.contains { $0.contains(counter) }
        }
      }
      #expect(injectedFrameCount >= 300)
    }
  }
}
