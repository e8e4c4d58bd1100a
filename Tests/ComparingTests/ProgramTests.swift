import Comparing
import Foundation
import ObjectModel
import Relinking
import TestSupport
import Testing
import TypeModel

/// Whole programs as `pupcc` makes them, edited in known ways.
@Suite struct ProgramTests {
  @Test(arguments: ["-O0", "-O2"])
  func `a rebuild elsewhere, by absolute paths, is no change`(_ level: String) async throws {
    let files = [
      "main.c": """
      #include <stdio.h>
      #include <assert.h>
      static const char *built = __DATE__ " " __TIME__;
      int helper(int);
      static int count;
      int main(int argc, char **argv) {
        assert(argc > 0); printf("%s %s\\n", built, __FILE__);
        return helper(++count);
      }
      """,
      "lib/helper.c": """
      #include <assert.h>
      static int count;
      int helper(int x) { assert(x); switch (x) {
        case 1: return 11; case 2: return count++; case 3: return 5; case 4: return 99;
        case 5: return 7; default: return 0; } }
      """,
    ]
    var old = Prepared(files: files, flags: [level])
    var new = old
    old.folder = "one"
    new.folder = "two/below"
    new.isAbsolute = true
    let before = try await old.image()
    try await Task.sleep(for: .milliseconds(1100))
    let found = try changes(before, try await new.image())
    #expect(found.isEmpty, "\(found.text(from: "old", to: "new"))")
    #expect(found.ignored.contains("main"))
  }

  @Test func `says which inlined procedures changed`() async throws {
    func program(_ factor: Int, _ offset: Int) -> Prepared {
      Prepared(
        """
        extern int rand(void);
        extern int putchar(int);
        static inline int scale(int x) { return (x ^ 0x55) * \(factor) + rand() % 17; }
        int main(void) { for (;;) putchar(scale(rand()) ^ \(offset)); }
        """, "-O2")
    }
    let inside = try await changes(program(1237, 40), program(1301, 40)).procedure("main")
    #expect(inside?.inlinedChanges == ["scale"])
    #expect(inside?.changedOutsideInlined == false)
    let outside = try await changes(program(1237, 40), program(1237, 90)).procedure("main")
    #expect(outside?.inlinedChanges == [])
    #expect(outside?.changedOutsideInlined == true)
  }

  @Test func `callers of a clone change with its procedure`() async throws {
    func program(_ step: Int) -> Prepared {
      Prepared(
        """
        #include <stdio.h>
        struct big { int a[40]; int used; };
        static __attribute__((noinline)) int turn(struct big *b, int by) { puts("turn"); return b->used + by * \(step); }
        int caller(struct big *b) { return turn(b, 7) + 1; }
        int other(void) { return 2; }
        int main(int argc, char **argv) { struct big b = {{0}, argc}; return caller(&b) + other(); }
        """, "-O2")
    }
    let old = try await program(3).image()
    let clone = old.delta.procedures.contains { $0.parts.contains { $0.kind == .clone } }
    let found = try changes(old, try await program(5).image())
    #expect(found.changedNames.isSubset(of: ["turn", "caller", "main"]))
    if clone,
      !old.delta.procedures.contains(where: { $0.name == "turn" && $0.parts[0].kind == .body })
    {
      #expect(found.changedNames.contains("caller"))
    }
    #expect(!found.changedNames.contains("other"))
  }

  private static func shapes(_ member: String, _ body: String) -> Prepared {
    Prepared(
      """
      #include <stdlib.h>
      struct shape { int width, height;\(member) };
      \(body)
      """, "-O1")
  }

  private static let locals = """
    __attribute__((noinline)) void fill(struct shape *s) { s->width = 3; s->height = 4; }
    __attribute__((noinline)) int area(const struct shape *s) { return s->width * s->height; }
    __attribute__((noinline)) int other(int x) { return x + 1; }
    __attribute__((noinline)) int work(void) { struct shape s; fill(&s); return area(&s); }
    int main(void) { for (;;) { if (other(work())) exit(0); } }
    """

  @Test func `a struct of locals only makes a group`() async throws {
    let found = try await changes(
      Self.shapes("", Self.locals), Self.shapes(" int depth;", Self.locals))
    #expect(found.refusals == [])
    #expect(found.group(.structure("shape")) == ["fill", "area", "work"])
    #expect(found.procedure("area")?.touches == [.structure("shape")])
    let harmless = try await changes(
      Self.shapes("", Self.locals), Self.shapes(" int depth;", Self.locals),
      wishes: "harmless struct shape")
    #expect(harmless.groups == [])
  }

  @Test(arguments: [
    "static struct shape *kept; void keep(struct shape *s) { kept = s; } int use(void) { return kept->width; }",
    "int use(void) { struct shape *s = malloc(sizeof *s); return s->width; }",
    "void *grab(unsigned long n) { return calloc(1, n); } int use(void) { struct shape *s = grab(sizeof *s); return s->width; }",
  ])
  func `a struct that may lie anywhere is refused`(_ body: String) async throws {
    let body = body + "\nint main(void) { return use(); }"
    let found = try await changes(Self.shapes("", body), Self.shapes(" int depth;", body))
    #expect(found.refusals.map(\.kind) == ["struct shape"])
    let renamed = try await changes(
      Self.shapes("", body),
      Prepared(
        """
        #include <stdlib.h>
        struct shape { int wide, height; };
        \(body.replacing("->width", with: "->wide"))
        """, "-O1"), wishes: "renamed shape.width wide")
    #expect(renamed.isEmpty)
  }

  @Test func `thread-local data are shared or refused`() async throws {
    func program(_ data: String) -> Prepared {
      Prepared("\(data)\nint f(void) { return ++a; }\nint main(void) { return f(); }", "-O1")
    }
    let base = program("static __thread int a = 1;")
    #expect(try await changes(base, base).isEmpty)
    let new = try await changes(
      base, program("static __thread int z; static __thread int a = 1; int g(void) { return z++; }")
    )
    #expect(new.refusals.isEmpty && new.data.contains { $0.name == "z" && $0.action == .create })
    let retyped = try await changes(base, program("static __thread long a = 1;"))
    #expect(retyped.refusals.map(\.kind) == ["thread-local a"])
  }

  @Test(arguments: [100, 128, 200, 255, 256, 40_000])
  func `an array of any length keeps its storage`(_ count: Int) async throws {
    let program = Prepared(
      "static int a[\(count)]; int f(int i) { return ++a[i]; } int main(void) { return f(1); }",
      "-O1")
    let image = try await program.image()
    #expect(image.delta.data.map(\.byteCount) == [UInt64(4 * count)])
    #expect(try changes(image, image).isEmpty)
  }

  @Test func `adds wishes to what it computes`() async throws {
    func program(_ one: Int, _ two: Int) -> Prepared {
      Prepared(
        """
        #include <stdio.h>
        void first(void) { printf("%d\\n", \(one)); }
        void second(void) { printf("%d\\n", \(two)); }
        void third(void) { puts("3"); }
        int main(void) { first(); second(); third(); }
        """, "-O0")
    }
    let (old, new) = (program(1, 2), program(10, 20))
    let found = try await changes(
      old, new, wishes: "changed third\nignore second\ntogether first third\nresident main\n")
    #expect(found.changedNames == ["first", "third"])
    #expect(found.procedure("third")?.status == .changed([.declared]))
    #expect(found.ignored == ["second"])
    #expect(found.group(.together(line: 3)) == ["first", "third"])
    #expect(found.groups.allSatisfy { !$0.isHard })
    #expect(found.procedure("main")?.isDeclaredResident == true)
  }

  @Test(arguments: [
    (
      "changed frist",
      "test.changes:1: neither version has a procedure ‘frist’; did you mean ‘first’?"
    ),
    ("\nreset cuont", "test.changes:2: neither version has a datum ‘cuont’; did you mean ‘count’?"),
    ("changed first\nignore first", "test.changes:2: ‘first’ contradicts line 1"),
    ("harmless struct nothing", "test.changes:1: neither version has a struct ‘nothing’"),
  ])
  func `says which name is wrong`(_ text: String, _ message: String) async throws {
    let program = Prepared(
      "static int count; int first(void) { return count++; } int main(void) { return first(); }",
      "-O0")
    let image = try await program.image()
    let failure = #expect(throws: ComparingFailure.self) {
      _ = try changes(image, image, ChangesFile(parsing: text, path: "test.changes"))
    }
    guard case .changesFile(let fault) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(fault.description == message)
  }

  @Test func `rejects images that contradict themselves`() async throws {
    let image = try await Prepared(
      "static int count = 3; int first(void) { return count++; } int main(void) { return first(); }",
      "-O0"
    ).image()
    let breakages: [(inout ProgramImage) -> Void] = [
      { $0.delta.units[0].object = 99 },
      { $0.delta.procedures[0].unit = -1 },
      { $0.delta.procedures[0].parts[0].byteCount = .max },
      { $0.delta.procedures[0].mentionedTypes = [.init(rawValue: 1 << 40)] },
      { $0.delta.data[0].offset = 1 << 50 },
      { $0.delta.data[0].type = .init(rawValue: -7) },
      { $0.objects = [] },
      { $0.objects[0].sections = [] },
    ]
    for breakage in breakages {
      var broken = image
      breakage(&broken)
      let failure = #expect(throws: ComparingFailure.self) { _ = try changes(image, broken) }
      guard case .brokenImage(.new, _) = failure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
    }
  }
}
