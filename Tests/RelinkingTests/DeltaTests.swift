import ProgramImages
import ObjectModel
import Relinking
import TestSupport
import Testing
import TypeModel

/// What `pupcc` says of a program that it linked.
@Suite struct DeltaTests {
  private func image(_ files: [String: String], _ flags: [String]) async throws -> ProgramImage {
    let folder = try temporaryFolder(named: "delta")
    defer { removeFolder(folder) }
    for (name, text) in files { try write(Array(text.utf8), to: "\(folder)/\(name)") }
    let sources = files.keys.filter { $0.hasSuffix(".c") }.sorted()
    let outcome = try await Command(
      Surroundings.tool("pupcc"), ["-w"] + flags + sources + ["-o", "prog"], directory: folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
    return try ProgramImages.read("\(folder)/prog")
  }

  private func delta(_ files: [String: String], _ flags: [String]) async throws -> Delta {
    try await image(files, flags).delta
  }

  private func delta(_ source: String, _ flags: String...) async throws -> Delta {
    try await delta(["prog.c": source], flags)
  }

  // MARK: - δ

  private static let dispatch = """
    #include <stdio.h>
    #include <stdlib.h>
    typedef int (*handler)(int);
    static int twice(int a) { return a * 2; }
    static int thrice(int a) { return a * 3; }
    static double half(double a) { return a / 2; }
    static int order(const void *a, const void *b) { return *(int *)a - *(int *)b; }
    static const handler handlers[] = { twice, thrice };
    double (*halve)(double) = half;
    static char odd(char a, long b, short c) { return a; }
    void *kept = (void *)odd;
    int fact(int n) { volatile int m = n; return m < 2 ? 1 : m * fact(m - 1); }
    int serve(int which, int a) { return handlers[which](a); }
    int sort(int *list, int n) { qsort(list, n, sizeof *list, order); return list[0]; }
    void leave(void) { atexit((void (*)(void))twice); }
    int kind(int a) {
      switch (a) {
      case 0: return fact(3); case 1: return fact(7); case 2: return puts("x");
      case 3: return fact(9); case 4: return puts("y"); case 5: return fact(a);
      case 6: return fact(a + a); case 7: return puts("z"); default: return 1;
      }
    }
    int main(int argc, char **argv) {
      int list[2] = { 2, argc };
      leave();
      return kind(argc) + serve(0, argc) + sort(list, 2) + (int)halve(3);
    }
    """

  @Test(arguments: [["-O0"], ["-O2"], ["-O2", "-fno-pie", "-no-pie"], ["-O2", "-fcf-protection"]])
  func `tells direct, indirect and callback edges apart`(_ flags: [String]) async throws {
    let delta = try await delta(["prog.c": Self.dispatch], flags + ["--keep-calls"])
    #expect(delta.edges("fact") == ["direct fact"])
    // stdlib.h's typedef of a comparison function is a type that the unit knows.
    #expect(
      delta.edges("serve")
        == ["indirect half", "indirect order", "indirect thrice", "indirect twice"])
    #expect(delta.edges("sort").contains("callback order"))
    #expect(delta.edges("leave") == [])
    #expect(delta.edges("main").isSuperset(of: ["direct kind", "direct serve", "indirect half"]))
  }

  @Test(arguments: [["-O0"], ["-O2"], ["-O2", "-fno-pie", "-no-pie"], ["-O2", "-fcf-protection"]])
  func `takes the jump of a switch for no call`(_ flags: [String]) async throws {
    let delta = try await delta(["prog.c": Self.dispatch], flags + ["--keep-calls"])
    #expect(delta.edges("kind") == ["direct fact"])
  }

  @Test func `finds a tail call through a pointer beside a switch`() async throws {
    let delta = try await delta(
      """
      #include <stdio.h>
      struct ops { int (*run)(int); };
      int twice(int a) { return a * 2; }
      struct ops ops = { twice };
      int kind(struct ops *o, int a) {
        switch (a) {
        case 0: return puts("a"); case 1: return puts("b"); case 2: return puts("c");
        case 3: return puts("d"); case 4: return puts("e"); case 5: return puts("f");
        default: return o->run(a);
        }
      }
      int main(int argc, char **argv) { return kind(&ops, argc); }
      """, "-O2", "--keep-calls")
    #expect(delta.edges("kind") == ["indirect twice"])
  }

  @Test func `knows the pointers that another unit declares and returns`() async throws {
    let files = [
      "ops.h": """
      struct ops { double (*run)(double, long); int (*stop)(void *); };
      struct ops *find(void); extern int (*chosen)(char *);
      """,
      "main.c": """
      #include "ops.h"
      int mine(int a) { return a; }
      int (*own)(int) = mine;
      int direct(void) { return chosen("x"); }
      int main(int argc, char **argv) { return direct() + (int)find()->run(1.0, 2) + own(1); }
      """,
      "ops.c": """
      #include "ops.h"
      static double run(double a, long b) { return a + b; }
      static int stop(void *p) { return 0; }
      static struct ops all = { run, stop };
      struct ops *find(void) { return &all; }
      static int choose(char *s) { return *s; }
      int (*chosen)(char *) = choose;
      """,
    ]
    let delta = try await delta(files, ["-O2", "--keep-calls"])
    #expect(delta.edges("main").contains("indirect run"))
    #expect(delta.edges("direct").contains("indirect choose"))
  }

  @Test func `counts a call to a clone as one within the version`() async throws {
    let delta = try await delta(
      """
      int state;
      static __attribute__((noinline)) int turn(int a, int b) { state += a; return a * b; }
      int use(int a) { return turn(a, 7) + turn(a + 1, 7); }
      int main(int argc, char **argv) { return use(argc); }
      """, "-O2")
    let turn = try #require(delta.procedures.first { $0.name == "turn" })
    #expect(turn.parts.map(\.kind) == [.clone])
    #expect(turn.prototype.parameters.map(\.name) == ["a", "b"])
    #expect(delta.edges("use") == ["clone turn"])
  }

  @Test func `knows whose address is taken`() async throws {
    let delta = try await delta(Self.dispatch, "-O2", "--keep-calls")
    let taken = Set(delta.procedures.filter(\.isAddressTaken).map(\.name))
    #expect(taken == ["twice", "thrice", "half", "order", "odd"])
  }

  // MARK: - Order, data and types

  @Test func `begins with main, then follows the link and the source`() async throws {
    let files = [
      "a.c": "int two(void) { return 2; }\nint three(void) { return 3; }",
      "b.c": "int four(void) { return 4; }\nint main(void) { return four() + two() + three(); }",
    ]
    let delta = try await delta(files, ["-O0"])
    #expect(delta.procedures.map(\.name) == ["main", "two", "three", "four"])
  }

  @Test func `places thread-local statics of one name by their order`() async throws {
    let source = """
      int a(void) { static __thread int n = 5; return n++; }
      int b(void) { static __thread int n = 6; return n++; }
      int c(void) { static __thread int n; return n++; }
      int main(void) { return a() + b() + c(); }
      """
    let image = try await image(["prog.c": source], ["-O1", "--keep-calls"])
    var values: [String: [UInt8]] = [:]
    for datum in image.delta.data where datum.name == "n" {
      let section = image.object(of: datum.unit)[try #require(datum.section)]
      values[datum.procedure ?? ""] =
        section.contents.isEmpty
        ? [] : Array(section.contents[Int(datum.offset)..<Int(datum.offset) + 4])
    }
    #expect(values == ["a": [5, 0, 0, 0], "b": [6, 0, 0, 0], "c": []])
  }
}

extension Delta {
  /// `kind callee` of each edge of the procedure.
  fileprivate func edges(_ name: String) -> Set<String> {
    Set(
      (procedures.first { $0.name == name }?.calls ?? []).map {
        "\($0.kind.rawValue) \(procedures[$0.callee].name)"
      })
  }
}
