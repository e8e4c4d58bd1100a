import TestSupport
import Testing

/// What a pup learns of the users who come to it.
@Suite(.timeLimit(.minutes(5))) struct UserAlertTests {
  @Test func `a pup in the foreground shows who connects, and tells its watchers`() async throws {
    try await withSandbox { sandbox in
      let (old, _) = try await bothVersions(of: Build("pizza"))
      let pup = try Command(
        Surroundings.tool("pup"), ["pizza", "--debug"], environment: sandbox.environment()
      ).start()
      #expect(await eventually { contents(of: record(in: sandbox)).contains("live") })
      let watcher = try Command(
        Surroundings.tool("ush"), ["watch", "pizza", "--json"], environment: sandbox.environment()
      ).start()
      #expect(await eventually { pup.errors.contains("user 0 connects to pizza\n") })
      let before = pup.errors
      #expect(try await sandbox.ush("load", "pizza", old).status == 0)
      #expect(await eventually { pup.errors.dropFirst(before.count).contains("user 0 connects") })
      #expect(
        await eventually {
          watcher.output.contains(#""kind":"user","message":"user 0 connects to pizza""#)
        }, "\(watcher.output)")
    }
  }

  private func record(in sandbox: Sandbox) -> String {
    "\(sandbox.runtimeFolder)/programs/pizza.json"
  }
}
