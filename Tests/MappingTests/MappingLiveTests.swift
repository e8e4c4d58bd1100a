import TestSupport
import Testing

/// Updates with maps that include the generated header, of programs that run.
@Suite(.timeLimit(.minutes(5))) struct MappingLiveTests {
  /// The map of a fixture as written there, without its declarations by hand.
  private static func map(_ path: String) -> String {
    let text = contents(of: "\(Surroundings.repository)/fixtures/\(path)")
    let start = text.firstRange(of: "void mproc_")?.lowerBound ?? text.endIndex
    return "#include \"generated.h\"\n" + text[start...]
  }

  private static func prepare(
    _ build: Build, map: String, changes: String, _ sandbox: Sandbox
  ) async throws -> (old: String, new: String) {
    let old = try await FixtureBuilder.shared.built(build.at(version: 1)).executable
    let new = try await FixtureBuilder.shared.built(build.at(version: 2)).executable
    let outcome = try await sandbox.ush("diff", "--header", old, new, "-o", "generated.h")
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.summary)")
    try write(Array(Self.map(map).utf8), to: "\(sandbox.folder)/generated.maps.c")
    try write(Array("\(changes)\nmaps generated.maps.c\n".utf8), to: "\(sandbox.folder)/u.changes")
    return (old, new)
  }

  @Test func `an account is mapped through the generated declarations`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await Self.prepare(
        Build("retyped", pupccFlags: ["--keep-calls"]), map: "retyped/retyped.maps.c", changes: "",
        sandbox)
      let program = try await sandbox.run("retyped", old)
      #expect(await program.prints("moves 3 "))
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(sandbox.folder)/u.changes")
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("euros", after: program.printed))
      #expect(!program.output.contains("BAD"))
    }
  }

  @Test func `pizza numbers run on through the generated declarations`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await Self.prepare(
        Build("pizza"), map: "pizza/pizza2.maps.c",
        changes: "together set_oven_temp mix_ingredients bake_pizza do_pizza", sandbox)
      let program = try await sandbox.run("pizza", old)
      #expect(await program.prints("pizza number 2 preparation complete"))
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(sandbox.folder)/u.changes")
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("TC pizza", after: program.printed))
      #expect(await program.prints("preparation complete", after: program.printed))
      let log = PizzaLog(program.output)
      #expect(log.faults.isEmpty && log.mixed.isEmpty)
    }
  }

  /// Two files have a `count` of their own, and only one of them is mapped.
  @Test func `statics of one name are mapped each for itself`() async throws {
    let counter = """
      #include <stdio.h>
      #ifdef V2
      static long count;
      #else
      static int count;
      #endif
      void number(void) {
      #ifdef V2
        printf("V2 ");
      #endif
        printf("number %d ", (int)++count);
      }
      """
    let main = """
      #include <stdio.h>
      #include <time.h>
      void number(void);
      static int count;
      void line(void) {
        number();
        printf("line %d.\\n", ++count);
        fflush(stdout);
      }
      int main(void) {
        struct timespec wait = {.tv_nsec = 10000000};
        for (;;) {
          line();
          nanosleep(&wait, NULL);
        }
      }
      """
    let files = ["counter.c": counter, "main.c": main]
    try await HeaderFiles.with(files, flags: ["-O2", "--keep-calls"]) { made in
      let map = """
        #include "maps.h"
        void mproc_data_counter_c__count(void) {
          new_counter_c__count = old_counter_c__count + 1000;
        }
        """
      try made.write(map, to: "count.maps.c")
      try made.write("maps count.maps.c\n", to: "count.changes")
      try await withSandbox { sandbox in
        let program = try await sandbox.run("count", "\(made.folder)/old")
        #expect(await program.prints("line 3."))
        let (outcome, report) = try await program.update(
          to: "\(made.folder)/new", "--changes", "\(made.folder)/count.changes")
        #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
        #expect(await program.prints("V2 ", after: program.printed))
        let lines = program.output.split(separator: "\n")
        let isRight = lines.enumerated().allSatisfy { index, line in
          line == "number \(index + 1) line \(index + 1)."
            || line == "V2 number \(index + 1001) line \(index + 1)."
        }
        #expect(isRight, "\(program.output)")
      }
    }
  }
}
