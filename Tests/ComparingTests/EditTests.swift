import Comparing
import Testing
import TypeModel

/// Known edits of a real program, and exactly what must be found.
@Suite struct EditTests {
  static let base = """
    extern int printf(const char *, ...);
    extern void note(const char *, int);
    int limit = 10;
    static int calls;
    static int table[4] = {1, 2, 3, 4};
    __attribute__((noinline)) static int twice(int x) { calls++; return x * 2; }
    __attribute__((noinline)) int clip(int x) { return x > limit ? limit : x; }
    __attribute__((noinline)) void show(int x) { printf("value %d\\n", x); }
    __attribute__((noinline)) void warn(int x) { note(__FILE__, __LINE__); show(x); }
    __attribute__((noinline)) int pick(int x) {
      switch (x) {
      case 0: return table[0] + 7; case 1: return calls; case 2: return twice(x);
      case 3: return clip(x); case 4: return limit; case 5: show(x); return 1;
      case 6: warn(x); return 2; default: return 0;
      }
    }
    int main(void) { show(pick(clip(twice(3)))); return 0; }
    """

  struct Edit: Sendable, CustomTestStringConvertible {
    let what: String
    let from: String
    let to: String
    var changed: Set<String> = []
    var added: Set<String> = []
    var ignored: Set<String> = []
    var testDescription: String { what }
  }

  static let edits = [
    Edit(what: "nothing", from: "", to: ""),
    Edit(what: "a constant", from: "x * 2", to: "x * 3", changed: ["twice"]),
    Edit(what: "a string", from: "value %d", to: "result %d", changed: ["show"]),
    Edit(
      what: "a new line above", from: "int limit = 10;", to: "\nint limit = 10;",
      ignored: ["warn"]),
    Edit(
      what: "a local's name", from: "int clip(int x) { return x > limit ? limit : x",
      to: "int clip(int y) { return y > limit ? limit : y"),
    Edit(
      what: "a new static", from: "calls++; return", to: "static int seen; seen++; return",
      changed: ["twice"]),
    Edit(
      what: "a new procedure", from: "int main(void) {",
      to: "__attribute__((noinline)) int more(void) { return 1; } int main(void) { more();",
      changed: ["main"], added: ["more"]),
    Edit(
      what: "a jump table's case", from: "case 6: warn(x)", to: "case 9: warn(x)", changed: ["pick"]
    ),
    Edit(
      what: "a called procedure", from: "case 3: return clip(x)", to: "case 3: return twice(x)",
      changed: ["pick"]),
    Edit(what: "an initial value", from: "limit = 10", to: "limit = 20"),
    Edit(what: "a procedure made static", from: "int clip(", to: "static int clip("),
    Edit(what: "one that no longer is", from: "static int twice(", to: "int twice("),
  ]

  private func sample(_ source: String, _ level: String) -> Sample {
    var sample = Sample(source: source, flags: [level])
    let int = sample.types.graph.append(.base(name: "int", encoding: .signed, byteCount: 4))
    sample.types.data["table"] = sample.types.graph.append(.array(of: int, count: 4))
    return sample
  }

  @Test(arguments: edits, ["-O0", "-O2"])
  func `finds exactly what an edit changes`(_ edit: Edit, _ level: String) async throws {
    let source = edit.from.isEmpty ? Self.base : Self.base.replacing(edit.from, with: edit.to)
    #expect(edit.from.isEmpty || source != Self.base)
    let found = try await changes(sample(Self.base, level), sample(source, level))
    #expect(found.changedNames == edit.changed)
    #expect(Set(found.procedures.filter { $0.status == .added }.map(\.name)) == edit.added)
    // Each build lies in a folder of its own, but `__FILE__` is the name as given: the same.
    #expect(Set(found.ignored) == edit.ignored)
    #expect(found.refusals == [])
  }

  @Test(arguments: ["-O0", "-O2"])
  func `a build in another place at another time is no change`(_ level: String) async throws {
    let source =
      Self.base + """
        void when(void) { printf(__DATE__ " " __TIME__ " in " __FILE__); }
        """
    var old = sample(source, level)
    var new = sample(source, level)
    // What gcc itself puts into the literals is not ours to choose.
    (old.date, old.time) = ("", "")
    new.folder = "elsewhere/deep/src"
    (new.date, new.time) = ("", "")
    old.flags += ["-D__DATE__=\"Jan  1 2024\"", "-D__TIME__=\"01:02:03\""]
    new.flags += ["-D__DATE__=\"Feb 28 2025\"", "-D__TIME__=\"23:59:59\""]
    let different = try await changes(old, new)
    #expect(different.changedNames == ["when"])

    (old.date, old.time) = ("Jan  1 2024", "01:02:03")
    (new.date, new.time) = ("Feb 28 2025", "23:59:59")
    let found = try await changes(old, new)
    #expect(found.changedNames == [])
    #expect(found.ignored.contains("when"))
    #expect(found.isEmpty)
  }

  @Test func `swapping two procedures changes nothing`() async throws {
    let first = "__attribute__((noinline)) int clip(int x) { return x > limit ? limit : x; }\n"
    let second = "__attribute__((noinline)) void show(int x) { printf(\"value %d\\n\", x); }\n"
    let source = Self.base.replacing(first + second, with: second + first)
    #expect(source != Self.base)
    let found = try await changes(sample(Self.base, "-O2"), sample(source, "-O2"))
    #expect(found.isEmpty)
  }

  @Test func `a line number that is a real constant too is a change`() async throws {
    let old = Sample(source: "extern void f(int);\nvoid g(void) { f(2); }\nint main(void) { g(); }")
    let new = Sample(source: "extern void f(int);\nvoid g(void) { f(3); }\nint main(void) { g(); }")
    let found = try await changes(old, new)
    #expect(found.changedNames.contains("g"))
  }

  @Test func `prints a changes file that can be read again`() async throws {
    let source = Self.base.replacing("x * 2", with: "x * 3").replacing(
      "limit = 10", with: "limit = 20")
    let found = try await changes(sample(Self.base, "-O2"), sample(source, "-O2"))
    let text = found.text(from: "a", to: "b")
    let again = try await changes(
      sample(Self.base, "-O2"), sample(source, "-O2"), wishes: text)
    #expect(again.changedNames == found.changedNames)
    #expect(text.contains("changed twice  # instructions"))
    #expect(text.contains("# datum limit: takes its new initial value"))
  }

  @Test(arguments: ["-O0", "-O2"], ["", "const"])
  func `a table of labels leads into the new code`(_ level: String, _ const: String) async throws {
    let source = """
      int labels(int i) {
        static void *\(const) table[] = {&&a, &&b};
        goto *table[i];
      a: return 1;
      b: return 2;
      }
      int main(int argc, char **argv) { return labels(argc & 1); }
      """
    let old = Prepared(source, level)
    let new = Prepared(source.replacing("return 2", with: "return 7"), level)
    let found = try await changes(old, new)
    let action = try #require(found.datum("table")?.action)
    #expect(action != .share, "its labels lie where they did, but in the old code")
    #expect(found.changedNames.contains("labels"))
    #expect(try await changes(old, old).isEmpty)
  }
}
