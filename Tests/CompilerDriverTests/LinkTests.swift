import Foundation
import TestSupport
import Testing

struct `A link by pupcc` {
  @Test func `compiles several sources, and links what it was given`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.pupcc("-O2", "main.c", "twice.c", "-lm", "-o", "prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test(arguments: [
    "-static", "-static-pie", "-no-pie", "-pie", "-s", "-Wl,--strip-debug", "-Xlinker -s", "-g3",
    "-Wl,--gc-sections", "-Wl,-z,now", "-Wl,-x", "-fPIC", "-fno-plt", "-gdwarf-4",
    "-fno-asynchronous-unwind-tables", "-Wl,--compress-debug-sections=zlib",
    "-O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fcf-protection -Wl,-z,relro,-z,now",
  ])
  func `makes an updatable program that behaves as gcc's, with`(options: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell("$CC \(options) main.c twice.c -o prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test(arguments: [
    "-flto", "-flto=auto", "-fuse-ld=gold", "-fuse-ld=lld", "-fuse-ld=mold", "-gz", "-gsplit-dwarf",
    "-Wl,--build-id=none", "-Wl,--build-id=0x1234",
  ])
  func `does without what cannot be had, and says so, with`(option: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.pupcc(option, "main.c", "twice.c", "-o", "prog")
    #expect(outcome.status == 0 && outcome.hasOneErrorLine, "\(outcome.summary)")
    #expect(outcome.errors.hasPrefix("pupcc: note: "))
    #expect(outcome.errors.contains("is dropped"))
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test(arguments: [
    "-pg", "-fsanitize=undefined", "-fsanitize=address", "--coverage", "-mcmodel=large",
  ])
  func `passes instrumentation through unprepared, and says so, with`(
    option: String
  ) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.pupcc(option, "main.c", "twice.c", "-o", "prog")
    #expect(outcome.status == 0 && outcome.hasOneErrorLine, "\(outcome.summary)")
    #expect(outcome.errors.hasPrefix("pupcc: note: \(option) "))
    try await expectFortyTwo(shop)
    let explained = try await shop.pupcc("--explain", "prog")
    #expect(explained.status == 2 && explained.hasOneErrorLine, "\(explained.summary)")
  }

  @Test func `takes from an archive the members that are needed, and no others`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add("unused.c", "int unused(void) { return no_such_thing(); }\n")
    let outcome = try await shop.shell(
      "$CC -w -c main.c twice.c unused.c && ar rcs libt.a twice.o unused.o"
        + " && $CC main.o -L. -lt -o prog")
    #expect(outcome.status == 0, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test func `takes objects that ld -r joined, and objects that gcc made`() async throws {
    let shop = try Workshop(twoSources)
    let joined = try await shop.shell(
      "$CC -c main.c twice.c && ld -r main.o twice.o -o both.o && $CC both.o -o prog")
    #expect(joined.status == 0, "\(joined.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
    let foreign = try await shop.shell("gcc -c twice.c && $CC main.o twice.o -o prog")
    #expect(foreign.status == 0, "\(foreign.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main"])
  }

  @Test func `reads its arguments from files`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add("outer", "-O2 '-DTEXT=\"a b\"'\n@inner -o prog\n")
    try shop.add("inner", "main.c twice.c")
    #expect(try await shop.pupcc("@outer").status == 0)
    try await expectFortyTwo(shop)
    try shop.add("loop", "@loop")
    let loop = try await shop.pupcc("@loop")
    #expect(loop.status == 2 && loop.hasOneErrorLine, "\(loop.summary)")
  }

  @Test func `compiles what a pipe gives it`() async throws {
    let shop = try Workshop()
    let outcome = try await shop.shell("echo 'int main(void) { return 9; }' | $CC -x c - -o prog")
    #expect(outcome.status == 0, "\(outcome.summary)")
    #expect(try await shop.run("./prog").status == 9)
    #expect(try await shop.procedures(of: "prog") == ["main"])
  }

  @Test func `leaves /dev/null alone`() async throws {
    let shop = try Workshop(twoSources)
    #expect(try await shop.pupcc("main.c", "twice.c", "-o", "/dev/null").status == 0)
    #expect(try await shop.pupcc("-c", "main.c", "-o", "/dev/null").status == 0)
    #expect(try await shop.shell("test -c /dev/null").status == 0)
  }

  @Test func `links a library as it is, which dlopen takes`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add(
      "load.c",
      """
      #include <dlfcn.h>
      int main(void) {
        void *library = dlopen("./libt.so", RTLD_NOW);
        int (*twice)(int) = library ? (int (*)(int))dlsym(library, "twice") : 0;
        return twice ? twice(21) : 1;
      }

      """)
    let library = try await shop.shell("$CC -fPIC -c twice.c && $CC -shared twice.o -o libt.so")
    #expect(library.status == 0 && library.hasOneErrorLine, "\(library.summary)")
    #expect(library.errors.hasPrefix("pupcc: note: a shared library "))
    #expect(try await shop.pupcc("load.c", "-o", "prog").status == 0)
    #expect(try await shop.run("./prog").status == 42)
  }

  @Test func `exports the symbols that gcc's program exports`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "gcc -rdynamic main.c twice.c -o a && $CC -rdynamic main.c twice.c -o b"
        + " && for p in a b; do nm -D $p | cut -c18- | sort; echo; done")
    let symbols = outcome.output.components(separatedBy: "\n\n")
    try #require(symbols.count >= 2, "\(outcome.summary)")
    #expect(symbols[0] == symbols[1])
    #expect(symbols[1].contains("T twice"))
  }

  @Test func `drops its own product when it is given all the objects there are`() async throws {
    let shop = try Workshop(twoSources)
    let link = "$CC --companions *.o -o prog"
    let first = try await shop.shell("$CC -c main.c twice.c && \(link)")
    #expect(first.status == 0 && first.errors.isEmpty, "\(first.summary)")
    #expect(shop.exists("prog.delta") && shop.exists("prog.pup.o"))
    let second = try await shop.shell(link)
    #expect(second.status == 0 && second.hasOneErrorLine, "\(second.summary)")
    #expect(second.errors.contains("prog.pup.o is a product of pupcc"))
    try await expectFortyTwo(shop)
  }

  @Test func `strips what it is asked to strip, and no more`() async throws {
    let shop = try Workshop(twoSources)
    func sections(_ option: String) async throws -> String {
      try await shop.shell("$CC \(option) main.c twice.c -o prog && readelf -SW prog").output
    }
    let whole = try await sections("-O1")
    #expect(whole.contains(".symtab") && whole.contains(".debug_info"))
    let noDebug = try await sections("-Wl,-S")
    #expect(noDebug.contains(".symtab") && !noDebug.contains(".debug_info"))
    let bare = try await sections("-s")
    #expect(!bare.contains(".symtab") && !bare.contains(".debug_info"))
  }

  @Test func `is the same, byte for byte, when it is done again`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -c main.c twice.c && $CC main.o twice.o -o prog && cp prog before"
        + " && $CC main.o twice.o -o prog && cmp prog before")
    #expect(outcome.status == 0, "\(outcome.summary)")
  }
}
