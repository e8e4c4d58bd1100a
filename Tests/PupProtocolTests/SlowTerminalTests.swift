import TestSupport
import Testing

/// Ten thousand events, and a terminal that shows none of them for a while.
@Suite struct SlowTerminalTests {
  @Test func `a terminal that was stopped holds nobody up, and goes on`() async throws {
    try await withSandbox { sandbox in
      let run = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      try #require(run.status == 0, "\(run.summary)")
      let slow = try await Terminal(sandbox, "'\(TestTools.ush)' watch x", named: "slow")
      // A watcher that has come sees what happens from then on.
      let refused = try program("refused", in: sandbox.folder)
      let waits = try program("waits", in: sandbox.folder)
      let flood = try program("flood", in: sandbox.folder)
      #expect(try await sandbox.talk("update", "x", refused).status == 1)
      #expect(
        try await eventually {
          _ = try await sandbox.talk("update", "x", waits, "--wait", "0")
          _ = try await sandbox.talk("cancel", "x")
          return await slow.lines().contains("f waits")
        })
      try await slow.press("C-s")
      let loud = try await sandbox.talk("update", "x", flood)
      #expect(loud.status == 0, "\(loud.summary)")
      #expect(try await sandbox.talk("status", "x").output.contains("running"))
      #expect(await !slow.lines().contains { $0.hasPrefix("event 10000 ") })
      try await slow.press("C-q")
      #expect(await slow.shows("event 10000 of many"))
      #expect(try await sandbox.talk("stop", "x").status == 0)
    }
  }
}
