import TestSupport
import Testing

/// `ush diff` against an oracle that shares no code with it; see `docs/comparing-oracle.md`.
@Suite(.timeLimit(.minutes(5))) struct OracleTests {
  @Test func `random edits change what they must and nothing else`() async throws {
    // Each kind of edit once, at a level that its number gives.
    let outcome = try await Command(
      "/usr/bin/python3",
      [
        "-B", "\(Surroundings.repository)/Tests/ComparingTests/Oracle/oracle.py",
        "--tools", Self.tools, "--cases", "47", "--seed", "4700",
      ], timeout: .seconds(240)
    ).runInTurn()
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(outcome.output.hasSuffix("47 cases, 0 wrong\n"), "\(outcome.output)")
  }

  /// Where the tools lie.
  private static var tools: String {
    let path = Surroundings.tool("ush")
    return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
  }
}
