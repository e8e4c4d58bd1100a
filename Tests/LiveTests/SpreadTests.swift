import TestSupport
import Testing

/// A group whose slots lie on several pages of the binding table, which no single write covers.
@Suite(.timeLimit(.minutes(5))) struct SpreadTests {
  /// Enough for three pages of slots.
  private static let count = 1200

  /// A program of `count` procedures that all give the version; `check` asks each of them.
  private func source(version: Int) -> String {
    let procedures = (0..<Self.count).map {
      "__attribute__((noinline)) int p\($0)(void) { return \(version); }"
    }
    let sum = (0..<Self.count).map { "sum += p\($0)();" }
    return """
      #include <stdio.h>
      #include <unistd.h>
      \(procedures.joined(separator: "\n"))
      __attribute__((noinline)) void check(void) {
        int sum = 0;
        \(sum.joined(separator: "\n  "))
        printf(sum % \(Self.count) ? "mixed BAD %d\\n" : "version %d\\n", sum / \(Self.count));
      }
      int main(void) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        for (;;) { check(); usleep(5000); }
      }

      """
  }

  private func build(version: Int, in sandbox: Sandbox) async throws -> String {
    let path = "\(sandbox.folder)/spread\(version)"
    try write(Array(source(version: version).utf8), to: path + ".c")
    let outcome = try await Command(
      Surroundings.tool("pupcc"), ["-O1", "-o", path, path + ".c"], directory: sandbox.folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
    return path
  }

  private func changes(in sandbox: Sandbox) throws -> String {
    let path = "\(sandbox.folder)/all.changes"
    let names = (0..<Self.count).map { "p\($0)" }.joined(separator: " ")
    try write(Array("together check \(names)\n".utf8), to: path)
    return path
  }

  @Test(arguments: ["", "one-stored"])
  func `changes as one, also when the pup dies between two of its writes`(
    _ step: String
  ) async throws {
    try await withSandbox { sandbox in
      let old = try await build(version: 1, in: sandbox)
      let new = try await build(version: 2, in: sandbox)
      let environment = step.isEmpty ? [:] : ["PUP_TEST_DIE_AT": step]
      let program = try await sandbox.run("spread", old, environment: environment)
      #expect(await program.prints("version 1"))
      let outcome = try await sandbox.ush(
        "update", "spread", new, "--changes", try changes(in: sandbox))
      #expect(outcome.status == (step.isEmpty ? 0 : 1), "\(outcome.summary)")
      #expect(await program.goesOn())
      #expect(await program.prints("version 2", after: program.printed))
      if !step.isEmpty {
        let attached = try await sandbox.ush("attach", "spread")
        #expect(attached.status == 0 && attached.output.contains("finished"), "\(attached.summary)")
        #expect(await program.goesOn())
      }
      #expect(!program.output.contains("BAD"), "\(program.output.suffix(200))")
      #expect(program.unchanged.tracer == 0)
    }
  }
}
