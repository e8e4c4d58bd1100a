import Testing
import TypeModel

@Suite struct DataTests {
  private static let statics = """
    #include <stdio.h>
    __thread int tls_first = 3;
    static __thread long tls_second;
    volatile int v;
    static inline __attribute__((always_inline)) int help(int k) {
      static int cnt;
      int r = 0;
      { int x = k * 2; v += x; r += v; }
      { static int deep; deep += k; r += deep; { static int deeper; r += ++deeper; } }
      return r + ++cnt + tls_first++ + (int)tls_second++;
    }
    int twice(int a) { static int cnt; cnt += help(a); return cnt * help(a + 1); }
    int main(int argc, char **argv) { return twice(argc) + help(argc); }
    """

  @Test(arguments: ["-O0", "-O2"])
  func `finds the statics of procedures in their blocks, inlined or not`(_ level: String)
    async throws
  {
    let compiled = try await Compiled(Self.statics, level)
    let deep = try compiled.datum("deep")
    #expect(deep.procedure == "help")
    #expect(deep.scope == [1])
    #expect(try compiled.datum("deeper").scope == [1, 0])
    #expect(Set(compiled.data("cnt").map(\.procedure)) == ["help", "twice"])
    #expect(compiled.data("cnt").count == 2)
    #expect(compiled.data("cnt").allSatisfy { $0.scope == [] && !$0.isExternal })
    #expect(compiled.data("deep").count == 1)
  }

  @Test func `tells addresses and thread-local offsets apart`() async throws {
    let compiled = try await Compiled(Self.statics, "-O2")
    let v = try compiled.datum("v")
    #expect(v.storage == .address(try #require(compiled.symbols["v"])))
    #expect(v.isExternal && v.procedure == nil)
    for name in ["tls_first", "tls_second"] {
      let offset = try #require(compiled.symbols[name])
      #expect(try compiled.datum(name).storage == .threadLocal(offset: offset))
    }
  }

  @Test func `completes a declaration by its definition`() async throws {
    let compiled = try await Compiled(
      """
      extern int table[];
      int first(void) { return table[0]; }
      int table[10] = {1};
      int main(void) { return first(); }
      """, "-O0")
    #expect(compiled.info.types.byteCount(of: try compiled.datum("table").type) == 40)
    #expect(try compiled.datum("table").isExternal)
  }
}
