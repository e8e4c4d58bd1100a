import TestSupport
import Testing

/// Hidden symbols of an archive that both versions use.
@Suite(.timeLimit(.minutes(5))) struct HiddenSymbolTests {
  private static func source(_ word: String) -> String {
    """
    unsigned __int128 big = (unsigned __int128)77 << 70;
    APART void turn(unsigned n) {
      printf("\(word) %llu\\n", (unsigned long long)(big / (n + 4)));
      fflush(stdout);
      nap(2);
    }
    int main(int count, char **arguments) { for (;;) turn(count * 7); }
    """
  }

  @Test(arguments: [["-O1"], ["-O1", "-no-pie", "-fno-pie"], ["-O1", "-static"]])
  func `are found wherever the linker made them local`(_ flags: [String]) async throws {
    try await withSandbox { sandbox in
      let old = try await SmallProgram.build("old", Self.source("old"), flags: flags, in: sandbox)
      let new = try await SmallProgram.build("new", Self.source("new"), flags: flags, in: sandbox)
      let program = try await sandbox.run("hidden", old)
      #expect(await program.prints("old "))
      let (outcome, report) = try await program.update(to: new)
      #expect(report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("new "))
      let values = Set(program.output.split(separator: "\n").dropLast().map { $0.dropFirst(4) })
      #expect(values.count == 1)
    }
  }
}
