import TestSupport
import Testing

/// A procedure that one version has only as a clone of the compiler, and another under its own name.
@Suite(.timeLimit(.minutes(5))) struct CloneTests {
  /// In `turn`, gcc specialises `tell` for 5; it keeps a body of its own if `main` varies `k`.
  private static func source(_ word: String, mainPasses k: String) -> String {
    """
    static APART void tell(int n, int k) {
      printf("\(word) %d k%d\\n", n, k);
      fflush(stdout);
    }
    APART void turn(int n) {
      tell(n, 5);
      nap(2);
    }
    int main(void) {
      for (int n = 1000;; n++) {
        turn(n);
        tell(n, \(k));
      }
    }
    """
  }

  private static func builds(in sandbox: Sandbox) async throws -> (body: String, clone: String) {
    let body = try await SmallProgram.build(
      "body", source("body", mainPasses: "n & 1"), flags: ["-O2"], in: sandbox)
    let clone = try await SmallProgram.build(
      "clone", source("clone", mainPasses: "5"), flags: ["-O2"], in: sandbox)
    let explained = try await Command(Surroundings.tool("pupcc"), ["--explain", clone]).run()
    try #require(explained.output.contains("tell exists only as"), "\(explained.summary)")
    return (body, clone)
  }

  /// Each pair of lines that is complete, without the numbers.
  private static func pairs(_ text: String) -> Set<String> {
    let lines = text.split(separator: "\n").dropLast().map { line in
      line.split(separator: " ").filter { Int($0) == nil }.joined(separator: " ")
    }
    return Set(lines)
  }

  /// Updates the program to one after the other; each prints its word.
  private static func check(
    _ program: LiveProgram, _ versions: [(executable: String, word: String)]
  ) async throws {
    for (executable, word) in versions {
      let (outcome, report) = try await program.update(to: executable)
      #expect(report.result == "updated", "\(outcome.summary)")
      let start = program.printed
      #expect(await program.prints("\(word) ", after: start))
      #expect(await program.goesOn())
    }
  }

  @Test func `what was only a clone gets a slot when it gets a body`() async throws {
    try await withSandbox { sandbox in
      let (body, clone) = try await Self.builds(in: sandbox)
      let program = try await sandbox.run("clone", clone)
      #expect(await program.prints("clone"))
      try await Self.check(program, [(body, "body"), (clone, "clone"), (body, "body")])
      // Main is resident and goes on calling its own version's clone.
      #expect(Self.pairs(program.output) == ["clone k5", "body k5"])
    }
  }

  @Test func `old callers never reach a clone`() async throws {
    try await withSandbox { sandbox in
      let (body, clone) = try await Self.builds(in: sandbox)
      let program = try await sandbox.run("body", body)
      #expect(await program.prints("body"))
      try await Self.check(program, [(clone, "clone"), (body, "body"), (clone, "clone")])
      // Main is resident and passes n & 1, which the clone does not take.
      #expect(Self.pairs(program.output) == ["body k5", "body k0", "body k1", "clone k5"])
    }
  }

  @Test func `who calls a clone of a group's member belongs to the group`() async throws {
    try await withSandbox { sandbox in
      func version(_ name: String, _ parameters: String, _ more: String) async throws -> String {
        try await SmallProgram.build(
          name,
          """
          APART int far(int n\(parameters)) { return printf("\(name) %d\\n", n); }
          static APART void tell(int n, int k) {
            for (int i = 0; i < k; i++) far(n + i\(more));
            fflush(stdout);
          }
          APART void turn(int n) {
            tell(n, 5);
            nap(2);
          }
          int main(void) { for (int n = 0;; n++) turn(n); }
          """, flags: ["-O2"], in: sandbox)
      }
      let old = try await version("old", "", "")
      let new = try await version("new", ", int m", ", 1")
      let explained = try await Command(Surroundings.tool("pupcc"), ["--explain", old]).run()
      try #require(explained.output.contains("tell exists only as"), "\(explained.summary)")
      let difference = try await sandbox.ush("diff", old, new)
      #expect(
        difference.output.contains("signature of far: far tell turn"), "\(difference.summary)")
    }
  }
}
