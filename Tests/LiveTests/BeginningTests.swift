import TestSupport
import Testing

/// What was decided when the program began: an update cannot decide it anew, and says so.
@Suite(.timeLimit(.minutes(5))) struct BeginningTests {
  private func source(choice: String = "plain", start: Int = 0, more: String = "") -> String {
    """
    static int plain(int n) { return n + 1; }
    static int other(int n) { return n + 10; }
    static int (*choose(void))(int) { return \(choice); }
    int next(int n) __attribute__((ifunc("choose")));
    int (*const spare)(int) = other;
    __attribute__((target_clones("default", "avx2"))) int sum(const int *numbers, int count) {
      int sum = \(start);
      for (int i = 0; i < count; i++) sum += numbers[i];
      return sum;
    }
    __attribute__((constructor)) static void first(void) { puts("first"); }
    \(more)
    APART void turn(void) {
      static const int numbers[] = {1, 2, 3, 4};
      printf("next %d sum %d\\n", next(1), sum(numbers, 4));
      fflush(stdout);
    }
    int main(void) {
      for (;;) {
        turn();
        nap(5);
      }
    }
    """
  }

  @Test(arguments: [("choose", "other", 0), ("sum", "plain", 100)])
  func `a changed indirect function is refused by name`(
    _ name: String, _ choice: String, _ start: Int
  ) async throws {
    try await withSandbox { sandbox in
      let old = try await SmallProgram.build("old", source(), flags: ["-O2"], in: sandbox)
      let new = try await SmallProgram.build(
        "new", source(choice: choice, start: start), flags: ["-O2"], in: sandbox)
      let program = try await sandbox.run("indirect", old)
      #expect(await program.prints("next 2 sum 10\n"))
      let (outcome, report) = try await program.update(to: new)
      #expect(outcome.status == 1 && report.result == "refused", "\(outcome.summary)")
      #expect(report.reason?.contains("ignore \(name)") == true, "\(outcome.summary)")
      #expect(await program.goesOn())

      try write(Array("ignore \(name)\n".utf8), to: "\(sandbox.folder)/ignore.changes")
      let (second, ignoring) = try await program.update(
        to: new, "--changes", "\(sandbox.folder)/ignore.changes")
      #expect(second.status == 0 && ignoring.result == "already", "\(second.summary)")
      #expect(!program.output.contains("next 11") && !program.output.contains("sum 110"))
    }
  }

  @Test func `a constructor that is new does not run, and the report says so`() async throws {
    try await withSandbox { sandbox in
      let more = "__attribute__((constructor)) static void second(void) { puts(\"second\"); }"
      let old = try await SmallProgram.build("old", source(), in: sandbox)
      let new = try await SmallProgram.build("new", source(more: more), in: sandbox)
      let program = try await sandbox.run("start", old)
      #expect(await program.prints("next 2 sum 10\n"))
      let outcome = try await sandbox.ush("update", "start", new)
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(outcome.output.contains("constructor second does not run"), "\(outcome.summary)")
      #expect(await program.goesOn())
      #expect(!program.output.contains("second"))
    }
  }
}
