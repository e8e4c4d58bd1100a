import TestSupport
import Testing
import TypeModel

@Suite struct TypeTests {
  private static let shared: [String: String] = [
    "conn.h": """
    struct conn { int fd; struct conn *next; struct pool *pool; unsigned open : 3, idle : 1; };
    struct pool { struct conn all[4]; int (*close)(struct conn *); };
    extern struct pool pool; int shut(struct conn *c);
    """,
    "a.c": """
    #include "conn.h"
    struct local { int a; };
    static struct local mine = {1};
    struct pool pool;
    int shut(struct conn *c) { return c->fd + mine.a; }
    """,
    "main.c": """
    #include "conn.h"
    struct local { char b[8]; };
    static struct local mine;
    int main(void) { struct conn c = {0}; mine.b[0] = 1; pool.close = shut; return shut(&c); }
    """,
  ]

  @Test func `gives a struct of several units once`() async throws {
    let compiled = try await Compiled(Self.shared, ["-O0"])
    let connections = compiled.structures("conn")
    #expect(connections.count == 1)
    #expect(compiled.structures("pool").count == 1)
    let conn = try #require(connections.first)
    #expect(conn.byteCount == 32)
    #expect(conn.members.map(\.name) == ["fd", "next", "pool", "open", "idle"])
    #expect(conn.members.map(\.bitOffset) == [0, 64, 128, 192, 195])
    #expect(conn.members.map(\.bitWidth) == [nil, nil, nil, 3, 1])
  }

  @Test func `keeps structs of one tag apart that are not the same`() async throws {
    let compiled = try await Compiled(Self.shared, ["-O0"])
    #expect(Set(compiled.structures("local").map(\.byteCount)) == [4, 8])
    let sizes = compiled.data("mine").map { compiled.info.types.byteCount(of: $0.type) }
    #expect(sizes.sorted() == [4, 8])
  }

  @Test func `follows pointers that lead back`() async throws {
    let compiled = try await Compiled(Self.shared, ["-O0"])
    let graph = compiled.info.types
    let conn = try #require(compiled.structures("conn").first)
    guard case .pointer(let next) = graph[conn.members[1].type] else {
      Issue.record("next is no pointer")
      return
    }
    #expect(graph[next] == .structure(conn))
  }

  @Test func `reads arrays, enumerations and negative constants`() async throws {
    let compiled = try await Compiled(
      """
      enum mood { SAD = -2, CALM, HUGE_ONE = 200 };
      enum mood today = CALM; short grid[3][5]; _Bool on; long double big; char names[];
      char names[4];
      int main(void) { return today + grid[1][2] + on; }
      """, "-O0")
    let graph = compiled.info.types
    guard case .enumeration(let mood) = graph[try compiled.datum("today").type] else {
      Issue.record("today is no enumeration")
      return
    }
    #expect(mood.constants.map(\.value) == [-2, -1, 200])
    let grid = try compiled.datum("grid").type
    #expect(graph.byteCount(of: grid) == 30)
    guard case .array(let row, count: 3) = graph[grid] else {
      Issue.record("grid is no array of 3")
      return
    }
    #expect(graph.byteCount(of: row) == 10)
    #expect(graph.byteCount(of: try compiled.datum("big").type) == 16)
  }

  @Test func `lists the function types that only casts and declarations name`() async throws {
    let compiled = try await Compiled(
      [
        "main.c": """
        struct ops { double (*run)(double, long); };
        typedef int (*handler)(short, char);
        extern struct ops *find(void);
        int call(void *p) { return ((handler)p)(1, 2) + find()->run(1.0, 2); }
        int main(void) { return call(0); }
        """,
        "ops.c": "void *find(void) { return 0; }",
      ], ["-O2"])
    let unit = try #require(compiled.info.units.first { $0.path == "main.c" })
    let graph = compiled.info.types
    var work = unit.furtherTypes
    var seen = Set(work)
    var found: Set<[Int]> = []
    while let next = work.popLast() {
      if case .function(let prototype) = graph[next] {
        found.insert(prototype.parameters.map { graph.byteCount(of: $0.type) })
      }
      _ = graph[next].mapped { part in
        if seen.insert(part).inserted { work.append(part) }
        return part
      }
    }
    #expect(found.isSuperset(of: [[2, 1], [8, 8]]))
  }
}
