import Foundation
import TestSupport
import Testing

struct `A program that pupcc made` {
  /// Uses what a trampoline could break: recursion, tail calls, callbacks from libc, pointers that are
  /// compared, variadic calls, structs by value, statics of one name, setjmp, constructors, threads.
  private static let source = """
    #include <pthread.h>
    #include <setjmp.h>
    #include <stdarg.h>
    #include <stdio.h>
    #include <stdlib.h>

    struct wide { double x, y; long n[3]; };
    static int order;
    static jmp_buf back;
    static _Thread_local int own = 5;

    __attribute__((constructor)) static void before(void) { order = 1; }
    static void after(void) { printf("after %d\\n", order); }

    static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
    __attribute__((noinline)) struct wide move(struct wide w, float by) {
      w.x += by, w.n[2]++;
      return w;
    }
    __attribute__((noinline)) int sum(int count, ...) {
      va_list list;
      int total = 0;
      va_start(list, count);
      while (count--) total += va_arg(list, int);
      va_end(list);
      return total;
    }
    __attribute__((noinline)) int even(unsigned n);
    __attribute__((noinline)) int odd(unsigned n) { return n ? even(n - 1) : 0; }
    int even(unsigned n) { return n ? odd(n - 1) : 1; }
    __attribute__((noinline)) void jump(int to) { longjmp(back, to); }
    static void *thread(void *value) { return (void *)((long)value + own++); }
    int (*const table[])(unsigned) = {odd, even};
    __attribute__((weak)) int optional(void);

    int main(int argc, char **argv) {
      int numbers[] = {3, 1, 2};
      qsort(numbers, 3, sizeof *numbers, compare);
      struct wide w = move((struct wide){1, 2, {3, 4, 5}}, 0.5f);
      pthread_t one;
      void *result;
      atexit(after);
      pthread_create(&one, 0, thread, (void *)7);
      pthread_join(one, &result);
      printf("%d%d%d %.1f %ld %d\\n", numbers[0], numbers[1], numbers[2], w.x, w.n[2], sum(3, 1, 2, 3));
      printf("%d %d %d %ld %d\\n", table[0](101), table[1](1001), table[0] == odd, (long)result, own);
      printf("%d\\n", optional ? optional() : -1);
      int jumped = setjmp(back);
      if (jumped < 3) jump(jumped + 1);
      printf("%d\\n", jumped);
      return 40 + argc;
    }

    """

  @Test(arguments: ["-O0", "-O1", "-O2", "-O3", "-Os", "-Og", "-O2 --keep-calls", "-O2 -static"])
  func `does what gcc's program does, at`(level: String) async throws {
    let shop = try Workshop(["prog.c": Self.source])
    let outcome = try await shop.shell("gcc -O0 prog.c -o plain && $CC \(level) prog.c -o prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    let expected = try await shop.run("./plain", ["one"])
    let actual = try await shop.run("./prog", ["one"])
    #expect(actual.output == expected.output && actual.errors == expected.errors)
    #expect(actual.status == 42 && expected.status == 42)
  }

  @Test func `shows gdb its lines, and a backtrace through trampolines`() async throws {
    let shop = try Workshop([
      "a.c": """
      __attribute__((noinline)) int inner(int n) {
        return n + 1;
      }
      __attribute__((noinline)) int outer(int n) {
        return inner(n) * 2;
      }
      int main(void) {
        return outer(4);
      }

      """
    ])
    let outcome = try await shop.shell(
      "$CC -O1 a.c -o prog && gdb -batch -nx -ex 'set debuginfod enabled off' -ex 'break a.c:2'"
        + " -ex run -ex bt -ex 'tbreak *inner' -ex finish -ex finish ./prog 2>&1"
        + " && gdb -batch -nx -ex 'break *&inner' -ex run -ex bt ./prog 2>&1")
    let text = outcome.output
    #expect(text.contains("#0  inner (n=n@entry=4) at a.c:2"), "\(text)")
    #expect(text.contains("in outer (n=") && text.contains("at a.c:5"), "\(text)")
    #expect(text.contains("in main () at a.c:8"), "\(text)")
    #expect(text.contains("Value returned is $1 = 5"), "\(text)")
  }

  @Test func `unwinds through its trampolines while it runs`() async throws {
    // The hook is entered from the trampoline of `hook`: every frame up to main must be there.
    let shop = try Workshop([
      "a.c": """
      #define _GNU_SOURCE
      #include <execinfo.h>
      #include <stdio.h>
      void *frames[20];
      __attribute__((noinline)) int hook(void) { return backtrace(frames, 20); }
      __attribute__((noinline)) int deeper(int n) { return n ? deeper(n - 1) + 1 : hook(); }
      int main(void) {
        int count = deeper(0);
        printf("%d\\n", deeper(5) - count);
        return 0;
      }

      """
    ])
    #expect(
      try await shop.pupcc("-O1", "-fno-optimize-sibling-calls", "a.c", "-o", "prog").status == 0)
    #expect(try await shop.run("./prog").output == "10\n")
  }
}

struct `pupcc --explain` {
  private static let files = [
    "a.c": """
    #include <stdlib.h>
    static int tiny(int n) { return n + 1; }
    __attribute__((noinline)) static int large(int n) { return rand() + n; }
    static int compare(const void *a, const void *b) { return a < b; }
    int main(int argc, char **argv) {
      qsort(argv, argc, sizeof *argv, compare);
      return tiny(argc) + large(argc);
    }

    """
  ]

  private func explained(_ shop: Workshop) async throws -> Explained {
    let outcome = try await shop.pupcc("--explain", "prog", "--json")
    try #require(outcome.status == 0, "\(outcome.summary)")
    return try JSONDecoder().decode(Explained.self, from: Data(outcome.output.utf8))
  }

  @Test func `names the procedures, and those that live only inside main`() async throws {
    let shop = try Workshop(Self.files)
    #expect(try await shop.pupcc("-O2", "a.c", "-o", "prog").status == 0)
    let facts = try await explained(shop)
    #expect(facts.procedures.first?.name == "main")
    #expect(facts.neverUpdatable == ["main": ["tiny"]])
    #expect(facts.procedures.first { $0.name == "compare" }?.addressTaken == true)
    let text = try await shop.pupcc("--explain", "prog").output
    #expect(text.contains("large  a.c:3") || text.contains("large    a.c:3"), "\(text)")
    #expect(text.contains("can never be updated, since they live only inside main"), "\(text)")
    #expect(text.contains(facts.buildID))
  }

  @Test func `finds nothing inside main that --keep-calls kept apart`() async throws {
    let shop = try Workshop(Self.files)
    #expect(try await shop.pupcc("-O2", "--keep-calls", "a.c", "-o", "prog").status == 0)
    let facts = try await explained(shop)
    #expect(facts.neverUpdatable.isEmpty)
    #expect(facts.procedures.contains { $0.name == "tiny" })
  }

  @Test(arguments: ["/bin/true", "a.c", "missing"])
  func `refuses what is no program of pupcc, with status 2`(path: String) async throws {
    let shop = try Workshop(Self.files)
    let outcome = try await shop.pupcc("--explain", path)
    #expect(outcome.status == 2 && outcome.hasOneErrorLine && outcome.output.isEmpty)
  }
}
