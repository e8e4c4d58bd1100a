import Foundation
import TestSupport
import Testing

/// Many updates back and forth: `scripts/soak` sets their number by PUP_SOAK_UPDATES.
@Suite(.timeLimit(.minutes(60))) struct SoakTests {
  static let updates =
    ProcessInfo.processInfo.environment["PUP_SOAK_UPDATES"].flatMap { Int($0) } ?? 100

  @Test func `many updates lose no pizza and no memory`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza", pupccFlags: ["--arena", "64K"]))
      let changes = "\(Surroundings.repository)/fixtures/pizza/pizza2.changes.sd"
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "2"])
      #expect(await program.prints("pizza number 1"))
      let before = program.unchanged
      let pup = ProcessView(try await sandbox.status(of: "pizza").pup.pid ?? 0)
      var resident = (pup: 0, target: 0)

      for update in 1...Self.updates {
        let (outcome, report) = try await program.update(
          to: update.isMultiple(of: 2) ? old : new, "--changes", changes)
        try #require(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
        #expect(report.to == update + 1)
        if update == min(30, Self.updates / 2) {
          resident = (pup.residentKiB, program.process.residentKiB)
        }
      }
      #expect(pup.residentKiB < resident.pup + resident.pup / 4, "\(resident)")
      #expect(program.process.residentKiB < resident.target + 256, "\(resident)")
      #expect(program.unchanged == before)
      let log = PizzaLog(program.output)
      #expect(log.faults.isEmpty && log.mixed.isEmpty)
      #expect(log.pizzas.first?.number == 1)
    }
  }
}
