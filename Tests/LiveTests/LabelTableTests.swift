import TestSupport
import Testing

/// Tables of a procedure's own labels, where the procedure comes, changes, goes and comes back.
@Suite(.timeLimit(.minutes(5))) struct LabelTableTests {
  private static func source(_ words: [String], table: String) -> String {
    """
    APART int step(int n) {
      static \(table) labels[] = {&&one, &&two};
      goto *labels[n & 1];
    one:
      puts("\(words[0])");
      return 3;
    two:
      puts("\(words[1])");
      return 4;
    }
    APART void turn(int n) { step(n); puts("."); fflush(stdout); nap(2); }
    int main(void) { for (int n = 0;; n++) turn(n); }
    """
  }

  private static let without = """
    APART void turn(int n) { puts(n < 0 ? "-" : "none"); fflush(stdout); nap(2); }
    int main(void) { for (int n = 0;; n++) turn(n); }
    """

  @Test(arguments: ["const void *const", "const void *"])
  func `lead into the code that has them`(_ table: String) async throws {
    try await withSandbox { sandbox in
      let none = try await SmallProgram.build("none", Self.without, in: sandbox)
      let first = try await SmallProgram.build(
        "first", Self.source(["a1", "a2"], table: table), in: sandbox)
      let second = try await SmallProgram.build(
        "second", Self.source(["b1", "b2"], table: table), in: sandbox)
      for begin in [none, first] {
        let name = begin == none ? "labels" : "tables"
        let program = try await sandbox.run(name, begin)
        for (executable, words) in [
          (second, ["b1", "b2"]), (first, ["a1", "a2"]), (second, ["b1", "b2"]), (none, ["none"]),
          (first, ["a1", "a2"]), (none, ["none"]), (second, ["b1", "b2"]),
        ] {
          let (outcome, report) = try await program.update(to: executable)
          #expect(report.result == "updated", "\(outcome.summary)")
          let start = program.printed
          for word in words { #expect(await program.prints("\(word)\n", after: start)) }
          let lines = Set(program.output.utf8.dropFirst(start).split(separator: UInt8(ascii: "\n")))
          let known = Set((words + ["."]).map { Array($0.utf8) })
          #expect(lines.allSatisfy { $0.count < 2 || known.contains(Array($0)) })
        }
      }
    }
  }
}
