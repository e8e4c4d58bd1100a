import Foundation
import TestSupport
import Testing

/// What is linked into a target, in each kind of link; the program checks itself.
@Suite(.timeLimit(.minutes(3))) struct RuntimeTests {
  /// In the order of what `Programs/runtime.c` calls them: results of all register classes, the
  /// bound of the wait, release by another thread, signals while waiting, backtrace(3), longjmp(3),
  /// pthread_cancel(3), the maps, the copied unwind index, and the flag of started programs.
  private static let cases = [
    "results", "timeout", "released", "interrupted", "traced", "jumped", "cancel", "maps", "index",
    "started",
  ]

  @Test(arguments: RuntimeProgram.Kind.allCases)
  func `serves its program`(kind: RuntimeProgram.Kind) async throws {
    let program = try await RuntimeProgram(kind)
    for name in Self.cases {
      let outcome = try await Command(program.path, [name], timeout: .seconds(60)).run()
      #expect(outcome.status == 0, "\(name): \(outcome.summary)")
    }
  }

  @Test func `costs no bytes in the file and exports nothing`() async throws {
    let program = try await RuntimeProgram(.positionIndependent)
    let size = try FileManager.default.attributesOfItem(atPath: program.path)[.size] as? Int
    #expect(try #require(size) < 1 << 20)
    let exported = try await Command("/usr/bin/nm", ["-D", program.path]).run().output
    #expect(exported.contains(" T main"))
    #expect(!exported.contains("pup"))
  }
}
