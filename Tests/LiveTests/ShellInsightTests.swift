import TestSupport
import Testing

/// The commands that look into a program, as somebody in the shell uses them.
@Suite(.timeLimit(.minutes(5))) struct ShellInsightTests {
  @Test func `they mean the current program, and the tree fits the terminal`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "2000"])
      #expect(await program.prints("pizza number 1"))
      try copy(new, to: "\(sandbox.folder)/new")
      let ush = try await Terminal(sandbox, "ush", named: "insight", columns: 40)
      #expect(await ush.waits(at: ">"))
      try await ush.type("program pizza")
      #expect(await ush.shows("The current program is now pizza"))
      try await ush.type("graph ./new")
      #expect(await ush.shows("└─ do_pizza  [changed, active, held]"))
      #expect(await ush.shows("pizza, version 1, compared with version…"))
      try await ush.type("explain bake_pizza ./new")
      #expect(await ush.shows("bake_pizza would be updated at once"))
      try await ush.type("stack")
      #expect(await ush.shows("version 1, resident"))

      try await ush.write("explain mi")
      try await ush.press("Tab")
      #expect(await ush.waits(at: "> explain mix_ingredients"))
      try await ush.press("C-c")
      try await ush.type("load ./new")
      #expect(await ush.shows("loaded successfully"))
      try await ush.type("versions")
      #expect(await ush.shows("2        loaded"))
      _ = try await program.update(to: new, "--wait", "0")
      try await ush.write("explain do")
      try await ush.press("Tab")
      #expect(await ush.waits(at: "> explain do_pizza"))
      try await ush.press("Enter")
      #expect(await ush.shows("do_pizza waits: version 2 changes it"))
    }
  }
}
