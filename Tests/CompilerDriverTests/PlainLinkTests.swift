import TestSupport
import Testing

struct `A link that cannot become updatable` {
  private func expectPlain(
    _ shop: Workshop, _ outcome: Command.Outcome, note: String
  ) async throws {
    #expect(outcome.status == 0 && outcome.hasOneErrorLine, "\(outcome.summary)")
    #expect(outcome.errors.hasPrefix("pupcc: note: prog: \(note)"), "\(outcome.errors)")
    try await expectFortyTwo(shop)
    let explained = try await shop.pupcc("--explain", "prog")
    #expect(explained.status == 2 && explained.errors.contains("not made by pupcc"))
    #expect(!(try await shop.shell("nm prog").output.contains("__pup_")))
  }

  @Test func `is gcc's own when gcc made all its objects, and still strips`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell("gcc -c main.c twice.c && $CC -s main.o twice.o -o prog")
    try await expectPlain(shop, outcome, note: "nothing in it was compiled by pupcc")
    #expect(try await shop.shell("nm prog").output.isEmpty)
  }

  @Test func `is gcc's own when gcc made main`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "gcc -c main.c && $CC -c twice.c && $CC main.o twice.o -o prog")
    try await expectPlain(shop, outcome, note: "its main was not compiled by pupcc")
  }

  @Test(arguments: [
    "-T default.ld", "-Tdefault.ld", "-Wl,-T,default.ld", "-Wl,-Tdefault.ld",
    "-Wl,--script=default.ld", "-Wl,--default-script=default.ld",
  ])
  func `is gcc's own with a linker script of its own, by`(option: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "ld -pie --verbose | sed '1,/^=====/d;/^=====/,$d' > default.ld"
        + " && $CC \(option) main.c twice.c -o prog")
    try await expectPlain(shop, outcome, note: "its linker script is its own")
  }

  @Test func `is gcc's own when it has its own start code`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add(
      "start.c",
      """
      #include <stdlib.h>
      int main(void);
      void begin(void) { exit(main()); }
      __asm__(".globl _start\\n_start: and $-16, %rsp\\n call begin\\n hlt");

      """)
    let outcome = try await shop.pupcc(
      "-nostartfiles", "start.c", "main.c", "twice.c", "-o", "prog")
    try await expectPlain(
      shop, outcome, note: "it does not begin in the start code of the C library")
  }
}

struct `A link by another program than pupcc` {
  @Test func `is seen when the objects came from pupcc, and said how to mend`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell("$CC -c main.c twice.c && g++ main.o twice.o -o prog")
    #expect(outcome.status == 0, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    let explained = try await shop.pupcc("--explain", "prog")
    #expect(explained.status == 2 && explained.hasOneErrorLine)
    #expect(explained.errors.contains("link it with pupcc as well"), "\(explained.errors)")
  }
}

struct `An updatable link` {
  @Test(arguments: ["rcs", "rcsT"])
  func `is one when the objects lie in an archive of kind`(kind: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -c main.c twice.c && ar \(kind) liball.a main.o twice.o && $CC -L. -lall -o prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test func `goes on doing what --wrap and a version script ask for`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add(
      "wrap.c",
      "int __real_twice(int n);\nint __wrap_twice(int n) { return __real_twice(n) + 1; }\n"
    )
    try shop.add("map", "{ global: twice; local: *; };\n")
    let outcome = try await shop.shell(
      "$CC -c main.c twice.c wrap.c && $CC -Wl,--wrap=twice -rdynamic -Wl,--version-script=map"
        + " main.o twice.o wrap.o -o prog && ./prog; nm -D prog | grep -c ' T '")
    #expect(outcome.output == "43\n1\n", "\(outcome.summary)")
    #expect(try await shop.procedures(of: "prog") == ["main", "twice", "__wrap_twice"])
  }

  @Test func `says what lives only inside main`() async throws {
    let shop = try Workshop([
      "a.c": """
      #include <stdio.h>
      static int tiny(int n) { return n + 1; }
      static int seen;
      static int both(int n) { return seen += n; }
      int other(int n) { return both(n) - n; }
      int main(int count, char **words) {
        return printf("%s %d\\n", words[0], tiny(count) + both(count)) < 0;
      }

      """
    ])
    let outcome = try await shop.pupcc("-O2", "a.c", "-o", "prog")
    #expect(outcome.status == 0 && outcome.hasOneErrorLine, "\(outcome.summary)")
    #expect(outcome.errors.contains("never updatable: tiny (--keep-calls"))
    let text = try await shop.pupcc("--explain", "prog").output
    #expect(
      text.contains("main has a copy of these inlined, which an update does not reach:\n  both"))
    let apart = try await shop.pupcc("-O2", "--keep-calls", "a.c", "-o", "prog")
    #expect(apart.status == 0 && apart.errors.isEmpty, "\(apart.summary)")
  }

  @Test func `has arenas of the size that was asked for`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC --arena 64K main.c twice.c -o prog && nm -S prog | grep __pup_text_arena | cut -d' ' -f2"
    )
    #expect(outcome.output == "0000000000010000\n", "\(outcome.summary)")
    for size in ["0", "64Q", "2G", "-1"] {
      let refused = try await shop.pupcc("--arena", size, "main.c")
      #expect(refused.status == 2 && refused.hasOneErrorLine, "\(refused.summary)")
    }
  }

  @Test func `leaves nothing temporary behind when it is interrupted`() async throws {
    // The compiler reads from a pipe; the interrupt goes to the whole group, as a terminal's does.
    let shop = try Workshop()
    let outcome = try await shop.shell(
      "mkdir tmp; mkfifo in; export TMPDIR=$PWD/tmp; setsid env --default-signal=INT"
        + " sh -c 'trap : INT; $CC -x c in -o prog; echo $?' &"
        + " exec 3>in; kill -INT -$!; exec 3>&-; wait; ls tmp")
    #expect(outcome.output == "130\n", "\(outcome.summary)")
  }
}
