import TestSupport
import Testing

/// Handlers that only the unwinder finds: what a thread that ends must still do.
@Suite(.timeLimit(.minutes(5))) struct CleanupTests {
  @Test(arguments: [["-O0"], ["-O2"], ["-O2", "-fPIC"], ["-O2", "-fno-pie", "-no-pie"]])
  func `a thread that ends in new code releases what that holds`(_ flags: [String]) async throws {
    try await checkBackAndForth(
      Build("cleanup", flags: ["-fexceptions"] + flags, pupccFlags: ["--keep-calls"]),
      beginning: "version 1, round 4: released 1", lineCount: 3)
  }

  @Test func `exceptions pass through an updated procedure of a program with C++ in it`()
    async throws
  {
    try await withSandbox { sandbox in
      let fixture = "\(Surroundings.repository)/fixtures/thrown"
      func build(_ version: Int) async throws -> String {
        let program = "\(sandbox.folder)/thrown\(version)"
        for (tool, words) in [
          ("/usr/bin/g++", ["-O2", "-c", "\(fixture)/thrower.cc", "-o", "thrower.o"]),
          (
            Surroundings.tool("pupcc"),
            [
              "-O2", "-fexceptions", "-DVERSION=\(version)", "-o", program, "\(fixture)/main.c",
              "\(fixture)/middle.c", "thrower.o", "-lstdc++",
            ]
          ),
        ] {
          let outcome = try await Command(tool, words, directory: sandbox.folder).run()
          try #require(outcome.status == 0, "\(outcome.summary)")
        }
        return program
      }
      let program = try await sandbox.run("thrown", build(1))
      #expect(await program.prints("through 1002"))
      let (outcome, report) = try await program.update(to: build(2))
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      for _ in 1...3 {
        #expect(await program.prints("through 2", after: program.printed))
        #expect(await program.prints("caught odd", after: program.printed))
      }
    }
  }
}
