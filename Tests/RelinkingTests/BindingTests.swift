import ObjectModel
import Relinking
import TestSupport
import Testing

/// Programs whose slots lead elsewhere: that shows what each reference means.
@Suite struct BindingTests {
  struct Build: Sendable, CustomTestStringConvertible {
    let flags: [String]
    var testDescription: String { flags.joined(separator: " ") }
  }

  static let builds = [
    Build(flags: ["-O0"]), Build(flags: ["-O1"]), Build(flags: ["-O2"]), Build(flags: ["-O3"]),
    Build(flags: ["-Os"]), Build(flags: ["-O0", "-fno-pie"]), Build(flags: ["-O2", "-fno-pie"]),
    Build(flags: ["-O2", "-fPIC"]), Build(flags: ["-O2", "-fcf-protection=full"]),
    Build(flags: ["-O2", "-fno-plt"]),
    Build(flags: ["-O2", "-fno-asynchronous-unwind-tables"]),
    Build(flags: ["-O2", "-fno-omit-frame-pointer", "-fpatchable-function-entry=3,1"]),
  ]

  @Test(arguments: builds.suffix(6))
  func `a rewritten program does what the plain one does`(_ build: Build) async throws {
    let source = try await RewrittenSource(Self.everything, build.flags)
    let plain = try await CompiledSource(Self.everything, flags: build.flags).object()
    let expected = try await linkedAndRun([plain], flags: linkFlags(build.flags))
    let rewritten = try source.bytes()
    #expect(try await readelfComplaints(about: rewritten) == "")
    let outcome = try await linkedAndRun(
      [rewritten], flags: linkFlags(build.flags) + ["-Wl,--fatal-warnings"])
    #expect(expected.output.split(separator: "\n").count == 9)
    #expect(outcome.output == expected.output)
    #expect(outcome.status == 0)
  }

  @Test(arguments: builds)
  func `every call and every pointer goes through the slot`(_ build: Build) async throws {
    let source = try await RewrittenSource(Self.bindings, build.flags)
    let flags = linkFlags(build.flags)
    let before = try await linkedAndRun([try source.bytes()], flags: flags)
    #expect(before.output == "direct 1 1\ntable 1 1\nlocal 1 1\nself 11 2\nalias 1 1\nsame 1\n")
    let after = try await linkedAndRun(
      [
        try source.rebound([
          "global": "other", "quiet": "other", "strange": "stranger", "first": "second",
        ])
      ],
      flags: flags)
    #expect(after.output == "direct 5 5\ntable 5 5\nlocal 5 5\nself 15 3\nalias 5 5\nsame 1\n")
  }

  @Test(arguments: builds)
  func `a body stays whole when its slot leads away`(_ build: Build) async throws {
    let source = try await RewrittenSource(Self.pieces, build.flags)
    let flags = linkFlags(build.flags)
    let plain = try await linkedAndRun([try source.bytes()], flags: flags)
    // With the slots of two procedures swapped, a jump within one body that went through its slot
    // would end in the other body.
    let swapped = try source.rebound([
      "loop": "loop2", "loop2": "loop", "choose": "choose2", "choose2": "choose", "spin": "spin2",
      "spin2": "spin",
    ])
    let outcome = try await linkedAndRun([swapped], flags: flags)
    #expect(plain.output == "loop 10\nspin 0\nchoose 13 17 20 23 26 29 -1\n")
    #expect(outcome.output == "loop 110\nspin 4\nchoose 113 117 120 123 126 129 99\n")
  }

  static let everything = """
    #include <stdio.h>
    #include <stdlib.h>
    #include <setjmp.h>
    typedef int (*op)(int, int);
    static int add(int a, int b) { return a + b; }
    static int sub(int a, int b) { return a - b; }
    __attribute__((noinline)) static int mul(int a, int b) { return a * b; }
    static const op ops[] = {add, sub, mul};
    struct handler { const char *name; op run; } handlers[] = {{"a", add}, {"m", mul}};
    __attribute__((noinline)) int fact(int n) { return n < 2 ? 1 : n * fact(n - 1); }
    __attribute__((noinline)) static int depth(int n) { return n ? 1 + depth(n - 1) : 0; }
    __attribute__((weak)) int weak(void) { return 3; }
    extern int aliased(void) __attribute__((alias("weak")));
    static int compare(const void *a, const void *b) { return *(int *)a - *(int *)b; }
    __attribute__((noinline)) int sw(int x) {
      switch (x) {
      case 0: return fact(4);
      case 1: return mul(x, 9);
      case 2: return weak();
      case 3: return aliased();
      case 4: return depth(12);
      case 5: return ops[x % 3](x, 2);
      case 6: return handlers[1].run(6, 7);
      default: return -1;
      }
    }
    __attribute__((noinline)) int computed(int n) {
      static void *labels[] = {&&one, &&two, &&done};
      int total = 0;
      goto *labels[n % 3];
    one: total += 1; goto *labels[1];
    two: total += 10;
    done: return total;
    }
    __attribute__((section("special"), noinline)) static int inner(int x) { return x + 1; }
    __attribute__((section("special"), noinline)) int outer(int x) { return inner(x) * 2 + inner(3); }
    static jmp_buf where;
    __attribute__((noinline, noreturn)) static void leave(int n) { longjmp(where, n); }
    __attribute__((noinline)) static int nested(int n) {
      int twice(int x) { return x * 2 + n; }
      return twice(n) + twice(1);
    }
    __attribute__((constructor)) static void begin(void) { puts("begin"); }
    __attribute__((destructor)) static void end(void) { puts("end"); }
    static void last(void) { puts("last"); }
    int main(void) {
      int v[] = {5, 2, 9, 1};
      atexit(last);
      qsort(v, 4, sizeof *v, compare);
      printf("%d %d %d %d\\n", v[0], v[1], v[2], v[3]);
      for (int i = 0; i < 8; i++) printf("%d ", sw(i));
      printf("\\n%d %d %d\\n", computed(0), computed(1), computed(2));
      printf("outer %d\\n", outer(4));
      int code = setjmp(where);
      if (code == 0) leave(7);
      printf("code %d nested %d\\n", code, nested(5));
      printf("%d\\n", handlers[0].run == ops[0]);
      return 0;
    }
    """

  static let bindings = """
    #include <stdio.h>
    #define APART __attribute__((noipa))
    typedef int (*op)(void);
    APART int other(void) { return 5; }
    APART int global(void) { return 1; }
    APART static int quiet(void) { return 1; }
    int named(void) __attribute__((alias("global"), weak));
    APART __attribute__((section("shared"))) static int strange(void) { return 1; }
    APART __attribute__((section("shared"))) static int stranger(void) { return 5; }
    APART __attribute__((section("shared"))) int caller(void) { return strange() + (stranger() & 16); }
    APART __attribute__((section("shared"))) op giver(void) { return strange; }
    APART static op first(int again) {
      __asm__ volatile("");
      return again ? (op)first : (op)quiet;
    }
    APART __attribute__((used)) static op second(int again) { return again ? (op)second : (op)other; }
    static op table[] = {global, quiet};
    static const op *indirect = table;
    int main(void) {
      volatile op a = global, b = quiet;
      printf("direct %d %d\\n", global(), quiet());
      printf("table %d %d\\n", indirect[0](), indirect[1]());
      printf("local %d %d\\n", caller(), giver()());
      op (*self)(int) = (op (*)(int))first(1);
      printf("self %d %d\\n", 10 + self(0)(), 1 + (self == first) + 2 * (self != first));
      printf("alias %d %d\\n", named(), ((op)named)());
      printf("same %d\\n", a == indirect[0] && b == indirect[1] && (op)named == a);
      return 0;
    }
    """

  static let pieces = """
    #include <stdio.h>
    #define APART __attribute__((noipa))
    int base = 3;
    APART int loop2(int n);
    APART int loop(int n) {
      int total = 0;
    again:
      total += n;
      if (--n > 0) goto again;
      return total;
    }
    APART int loop2(int n) {
      int total = 100;
    again:
      total += n;
      if (--n > 0) goto again;
      return total;
    }
    int hits;
    APART void spin(volatile int *p) { while (--*p > 0); }
    APART void spin2(volatile int *p) { while (--*p > 0) hits++; }
    APART int twist(int x) { return x + base; }
    #define CASES(plus, none) switch (x) { \\
      case 0: return twist(10) + plus; case 1: base++; return twist(13) + plus; \\
      case 2: return twist(16) + plus; case 3: return twist(19) + plus; \\
      case 4: return twist(22) + plus; case 5: return twist(25) + plus; default: return none; }
    APART int choose(int x) { CASES(0, -1) }
    APART int choose2(int x) { CASES(100, 99) }
    int main(void) {
      int five = 5;
      printf("loop %d\\n", loop(4));
      spin(&five);
      printf("spin %d\\nchoose", hits);
      for (int i = 0; i < 7; i++) printf(" %d", choose(i));
      puts("");
      return 0;
    }
    """
}
