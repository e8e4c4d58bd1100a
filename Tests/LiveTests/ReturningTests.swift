import TestSupport
import Testing

/// Code and constants that come back with an earlier version are used again only where they are
/// exactly what is wanted.
@Suite(.timeLimit(.minutes(5))) struct ReturningTests {
  /// A table of labels looks the same in all three versions; only the code that it leads to differs.
  private func interpreter(_ step: Int) -> String {
    """
    APART static int run(const unsigned char *code, int n) {
      static void *const steps[] = {&&end, &&add, &&twice};
      goto *steps[*code];
    add:
      n += \(step);
      goto *steps[*++code];
    twice:
      n *= 2;
      goto *steps[*++code];
    end:
      return n;
    }
    APART static void turn(void) {
      static const unsigned char code[] = {1, 2, 1, 0};
      printf("makes %d\\n", run(code, 0));
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

  @Test func `a table of labels leads into the code of its own version`() async throws {
    try await withSandbox { sandbox in
      var built: [Int: String] = [:]
      for step in [100, 200, 300] {
        built[step] = try await SmallProgram.build(
          "step\(step)", interpreter(step), flags: ["-O2"], in: sandbox)
      }
      let program = try await sandbox.run("labels", try #require(built[100]))
      #expect(await program.prints("makes 300\n"))
      for step in [200, 100, 300, 200, 300, 100] {
        let (outcome, _) = try await program.update(to: try #require(built[step]))
        #expect(outcome.status == 0, "\(outcome.summary)")
        let updated = program.printed
        #expect(await program.prints("makes \(3 * step)\n", after: updated))
        #expect(!program.output.dropFirst(updated).contains("makes \(3 * (step % 300 + 100))\n"))
      }
    }
  }

  /// A struct whose last member is an array that its initialiser makes larger.
  private func list(_ items: String) -> String {
    """
    struct list { int count; short items[]; };
    static const struct list list = {4, {\(items)}};
    APART static void turn(void) {
      int sum = 0;
      for (int i = 0; i < list.count; i++) sum += list.items[i];
      printf("sum %d\\n", sum);
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

  @Test func `the flexible end of a constant is part of it`() async throws {
    try await withSandbox { sandbox in
      let old = try await SmallProgram.build("old", list("1, 2, 3, 4"), flags: ["-O0"], in: sandbox)
      let new = try await SmallProgram.build("new", list("1, 2, 3, 5"), flags: ["-O0"], in: sandbox)
      let program = try await sandbox.run("list", old)
      #expect(await program.prints("sum 10\n"))
      let (outcome, _) = try await program.update(to: new)
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(await program.prints("sum 11\n", after: program.printed))
    }
  }

  @Test func `a flexible array that grows is no longer the same datum`() async throws {
    try await withSandbox { sandbox in
      let source = list("1, 2, 3, 4").replacing("static const struct", with: "static struct")
      let larger = source.replacing("{4, {", with: "{5, {5, ")
      let old = try await SmallProgram.build("old", source, flags: ["-O0"], in: sandbox)
      let new = try await SmallProgram.build("new", larger, flags: ["-O0"], in: sandbox)
      let program = try await sandbox.run("list", old)
      #expect(await program.prints("sum 10\n"))
      let (outcome, report) = try await program.update(to: new)
      #expect(outcome.status == 1 && report.result == "refused", "\(outcome.summary)")
      #expect(report.reason?.contains("list") == true, "\(outcome.summary)")
      #expect(await program.goesOn())
      #expect(await program.prints("sum 10\n", after: program.printed))
    }
  }
}
