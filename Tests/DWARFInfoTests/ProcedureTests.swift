import Testing
import TypeModel

@Suite struct ProcedureTests {
  private static let split = """
    #include <stdio.h>
    volatile int seen;
    void __attribute__((cold)) warn(int n) { printf("%d\\n", n); }
    static int __attribute__((noinline)) turn(int a, int b) {
      if (__builtin_expect(seen > a, 0)) { warn(a); warn(b); seen = 0; }
      return a * b;
    }
    int use(int a) { return turn(a, 7) + turn(a + 1, 7); }
    int main(int argc, char **argv) { for (int i = 0; i < argc; i++) use(i); return use(argc); }
    """

  @Test(arguments: [["-O0"], ["-O2"], ["-O2", "-no-pie", "-fno-pie"], ["-O1", "-gdwarf-4"]])
  func `begins each procedure where its symbol is`(_ flags: [String]) async throws {
    let compiled = try await Compiled(["main.c": Self.split], flags)
    for name in ["main", "use", "warn"] {
      #expect(try compiled.procedure(name).ranges.first?.lowerBound == compiled.symbols[name])
    }
    #expect(try compiled.procedure("main").isExternal)
    #expect(try !compiled.procedure("turn").isExternal)
    #expect(try compiled.procedure("use").declaredAt.line == 8)
  }

  @Test(arguments: ["-gdwarf-4", "-gdwarf-5"])
  func `knows the cold part and the clone as the procedure's`(_ format: String) async throws {
    let compiled = try await Compiled(Self.split, "-O2", format)
    let clone = try #require(compiled.symbols["turn.constprop.0"])
    let cold = try #require(compiled.symbols["turn.constprop.0.cold"])
    let turn = try #require(
      compiled.procedures("turn").first { $0.ranges.first?.lowerBound == clone })
    #expect(turn.ranges.map(\.lowerBound) == [clone, cold])
    #expect(turn.prototype.parameters.map(\.name) == ["a", "b"])
    #expect(turn.declaredAt.line == 4)
  }

  @Test func `lists what is inlined at any depth, and what is only inlined without ranges`()
    async throws
  {
    let compiled = try await Compiled(
      """
      volatile int v;
      static inline __attribute__((always_inline)) int inner(int k) { v += k; return v; }
      static inline __attribute__((always_inline)) int outer(int k) { v++; return inner(k) + 1; }
      int twice(int a) { return outer(a) * outer(a + 1); }
      int main(int argc, char **argv) { return twice(argc); }
      """, "-O2")
    let twice = try compiled.procedure("twice")
    #expect(twice.inlined.map(\.name).sorted() == ["inner", "inner", "outer", "outer"])
    let own = try #require(twice.ranges.first)
    for inlined in twice.inlined {
      #expect(!inlined.ranges.isEmpty)
      #expect(inlined.ranges.allSatisfy { own.contains($0.lowerBound) })
    }
    #expect(try compiled.procedure("inner").ranges.isEmpty)
    #expect(compiled.procedures("inner").count == 1)
  }

  @Test func `lists a procedure with a body of its own once, though it is inlined too`()
    async throws
  {
    let compiled = try await Compiled(
      """
      volatile int v;
      inline __attribute__((always_inline)) int help(int k) { v += k; return v; }
      extern int help(int k);
      int twice(int a) { return help(a) * help(a + 1); }
      int main(int argc, char **argv) { return twice(argc); }
      """, "-O2")
    #expect(compiled.procedures("help").count == 1)
    #expect(
      try compiled.procedure("help").ranges.first?.lowerBound == compiled.symbols["help"])
  }

  @Test func `leaves out what the linker dropped`() async throws {
    let source = """
      static int unused_state = 4;
      int dropped(int a) { return a + unused_state++; }
      int main(void) { return 0; }
      """
    let whole = try await Compiled(source, "-O1")
    #expect(whole.procedures("dropped").count == 1)
    #expect(whole.data("unused_state").count == 1)
    let compiled = try await Compiled(
      source, "-O1", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
    #expect(compiled.procedures("dropped").isEmpty)
    #expect(compiled.data("unused_state").isEmpty)
    #expect(compiled.procedures("main").count == 1)
  }

  @Test func `takes the parameters' names from the definition`() async throws {
    let compiled = try await Compiled(
      """
      int scale(int, double);
      int scale(int width, double factor) { return width * factor; }
      int log_all(const char *format, ...) { return format != 0; }
      int main(void) { return scale(2, 3) + log_all("x"); }
      """, "-O0")
    let scale = try compiled.procedure("scale").prototype
    #expect(scale.parameters.map(\.name) == ["width", "factor"])
    #expect(!scale.isVariadic)
    #expect(scale.parameters.map { compiled.info.types.byteCount(of: $0.type) } == [4, 8])
    #expect(try compiled.procedure("log_all").prototype.isVariadic)
  }

  @Test func `gives an address the lines of its own code alone`() async throws {
    let compiled = try await Compiled(
      """
      int first(int a) {
        return a + 1;
      }
      int second(int a) {
        return a + 2;
      }
      int main(void) { return first(1) + second(2); }
      """, "-O0", "-ffunction-sections", "-falign-functions=1")
    let unit = try #require(compiled.info.units.first)
    for (name, line) in [("first", 1), ("second", 4)] {
      let address = compiled.symbols[name]
      #expect(unit.lines.filter { $0.address == address }.map(\.line) == [line])
    }
  }
}
