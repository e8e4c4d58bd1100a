import Disassembler
import ELFFile
import ObjectModel
import Relinking
import TestSupport
import Testing

/// Objects of gcc, rewritten, linked by plain gcc and run.
@Suite(.timeLimit(.minutes(3))) struct RewriteTests {
  private static let source = """
    #include <setjmp.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #define NOINLINE __attribute__((noinline))
    typedef int operation(int);
    static NOINLINE int twice(int n) { return n * 2; }
    NOINLINE int thrice(int n) { return n * 3; }
    static operation *const table[] = {twice, thrice, abs, twice};
    NOINLINE int factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }
    static int even(int n);
    static NOINLINE int odd(int n) { return n == 0 ? 0 : even(n - 1); }
    static NOINLINE int even(int n) { return n == 0 ? 1 : odd(n - 1); }
    static NOINLINE operation *self(int n) { return n ? (operation *)&self : NULL; }
    NOINLINE int __attribute__((weak)) maybe(int n) { return n + 100; }
    int maybe_too(int n) __attribute__((alias("maybe")));
    static int renamed(int n) __attribute__((alias("twice")));
    __attribute__((section(".text.together"))) NOINLINE int first(int n) { return n + 1; }
    __attribute__((section(".text.together"))) NOINLINE int second(int n) { return first(n) + first(n + 1); }
    __attribute__((section(".text.together"))) NOINLINE operation *third(int n) { return n ? first : second; }
    NOINLINE int jumps(int n) {
      switch (n) {
      case 0: return thrice(1);
      case 1: return 17;
      case 2: return twice(4);
      case 3: return factorial(3);
      case 4: return 99;
      case 5: return maybe(5);
      case 6: return maybe_too(1) + 2;
      default: return -n;
      }
    }
    static void *labels(int n) {
      static void *const places[] = {&&zero, &&one};
      goto *places[n & 1];
    zero: return "even";
    one: return "odd";
    }
    NOINLINE void fails(int n) { if (n > 10) { fprintf(stderr, "%d is too much\\n", n); abort(); } }
    NOINLINE int checks(int n) { if (__builtin_expect(n > 1000, 0)) { fails(n); abort(); } return n; }
    static int order(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
    static operation *variable = thrice;
    struct driver { const char *name; operation *run, *check; };
    static const struct driver drivers[] = {{"a", twice, &thrice}, {"b", first, factorial}};
    NOINLINE int tail(int n) { return n > 5 ? thrice(n) : twice(n); }
    static __thread operation *mine = twice;
    __attribute__((constructor)) static void early(void) { puts("early"); }
    __attribute__((destructor)) static void late(void) { puts("late"); }
    int main(void) {
      int numbers[] = {3, 9, 4};
      operation *local = renamed;
      for (int i = 0; i < 4; i++) printf("%d ", table[i](i - 5));
      for (int i = 0; i < 9; i++) printf("%d ", jumps(i));
      qsort(numbers, 3, sizeof *numbers, order);
      printf("%d %d %d\\n", numbers[0], numbers[1], numbers[2]);
      printf("%d %d %d %d\\n", factorial(6), even(11), odd(7), self(1) == (operation *)self);
      printf("%d %d %d\\n", second(4), third(1)(2), third(0)(2));
      printf("%d %d %d %d\\n", third(1) == first, local == twice, maybe == maybe_too, variable(5));
      printf("%s %s %d\\n", (char *)labels(2), (char *)labels(3), checks(3));
      for (int i = 0; i < 2; i++) printf("%s %d %d\\n", drivers[i].name, drivers[i].run(4), drivers[i].check(4));
      printf("%d %d %d\\n", tail(3), tail(8), mine(21));
      return 0;
    }
    """

  /// What pupcc adds to the user's flags, but no more: the object must not need it.
  private static let preparing = [
    "-g", "-ffunction-sections", "-fdata-sections", "-flive-patching=inline-clone",
    "-mno-direct-extern-access", "-w",
  ]

  private struct Sample {
    let folder: String
    let object: ObjectFile

    init(_ source: String, _ flags: [String]) async throws {
      folder = try temporaryFolder(named: "rewrite")
      try TestSupport.write(Array(source.utf8), to: "\(folder)/a.c")
      try await Self.gcc(RewriteTests.preparing + flags + ["-c", "a.c", "-o", "a.o"], in: folder)
      object = try ELFReader.object(atPath: "\(folder)/a.o")
    }

    func write(_ object: ObjectFile, to name: String) throws {
      try TestSupport.write(
        try ELFWriter.bytes(of: object, name: name), to: "\(folder)/\(name)")
    }

    func link(_ name: String, _ flags: [String]) async throws -> String {
      try await Self.gcc(["\(name).o", "-o", name] + flags, in: folder)
      return try await toolOutput("\(folder)/\(name)")
    }

    static func gcc(_ arguments: [String], in folder: String) async throws {
      let outcome = try await Command("/usr/bin/gcc", arguments, directory: folder).runInTurn()
      guard outcome.status == 0 else {
        throw LiveFailure.cannotBuild(fixture: "a.c", log: outcome.summary)
      }
    }
  }

  private let rewriter = ObjectRewriter(decoder: ZydisDecoder())

  @Test(arguments: ["-O0", "-O1", "-O2", "-O3", "-Os"], [[], ["-no-pie"], ["-static"]])
  func `a rewritten program does what the plain one does`(level: String, link: [String])
    async throws
  {
    let compile = link == ["-no-pie"] ? [level, "-fno-pie"] : [level]
    let sample = try await Sample(Self.source, compile)
    defer { removeFolder(sample.folder) }
    let rewritten = try rewriter.rewrite(sample.object)
    try sample.write(rewritten.object, to: "b.o")
    let plain = try await sample.link("a", link)
    #expect(plain.contains("720 0 1 1\n11 3 7\n1 1 1 15\n"), "\(plain)")
    #expect(try await sample.link("b", link) == plain)
    for name in ["twice", "factorial", "even", "first", "second", "main", "order"] {
      let isThere = rewritten.object.symbols.contains { $0.name == name + ".pup_body" }
      #expect(isThere == sample.object.symbols.contains { $0.name == name }, "\(name)")
    }
    let maybe = ["maybe", "maybe_too"].filter { name in
      rewritten.object.symbols.contains { $0.name == name + ".pup_body" }
    }
    #expect(maybe.count == 1)
    // `&self` and the calls within a section; absolute code keeps its relocations.
    #expect(rewritten.counts.synthesised > 0 || link == ["-no-pie"])
    #expect(rewritten.counts.addresses > 8)
  }

  @Test(arguments: ["-O0", "-O2"])
  func `every call and every kept address goes through the slot`(level: String) async throws {
    let sample = try await Sample(Self.source, [level])
    defer { removeFolder(sample.folder) }
    let rewritten = try rewriter.rewrite(sample.object).object
    try sample.write(rewritten, to: "b.o")
    // All slots are led to procedures of our own, which must then be all that runs.
    let names = ["thrice", "factorial", "first"]
    try TestSupport.write(
      Array("int other(int n) { return n + 5000; }\n".utf8), to: "\(sample.folder)/c.c")
    try await Sample.gcc(["-c", "c.c", "-o", "c.o"], in: sample.folder)
    var redirected = rewritten
    let other = redirected.append(
      Symbol(
        name: "other", binding: .global, type: .none, visibility: .default, place: .undefined,
        value: 0, byteCount: 0))
    for name in names {
      let slot = try #require(redirected.section(named: ".pup_table.\(name)"))
      #expect(redirected[slot].relocations.count == 1)
      for index in redirected[slot].relocations.indices {
        redirected[slot].relocations[index].symbol = other
        redirected[slot].relocations[index].addend = 0
      }
    }
    try sample.write(redirected, to: "d.o")
    try await Sample.gcc(["d.o", "c.o", "-o", "d"], in: sample.folder)
    let output = try await toolOutput("\(sample.folder)/d")
    #expect(output.contains("\n5006 0 1 1\n10009 5002 10005\n1 1 1 5005\n"), "\(output)")
    #expect(output.contains("a 8 5004\nb 5004 5004\n6 5008 42\n"), "\(output)")
  }

  @Test func `rewriting gives the same object each time, and the second time nothing`()
    async throws
  {
    let sample = try await Sample(Self.source, ["-O2"])
    defer { removeFolder(sample.folder) }
    let once = try rewriter.rewrite(sample.object).object
    let first = try ELFWriter.bytes(of: once, name: "b.o")
    #expect(
      try ELFWriter.bytes(of: try rewriter.rewrite(sample.object).object, name: "b.o") == first)
    #expect(first != (try ELFWriter.bytes(of: sample.object, name: "b.o")))
  }

  @Test func `an object that carries our note is returned as it is`() async throws {
    let sample = try await Sample(Self.source, ["-O2"])
    defer { removeFolder(sample.folder) }
    var once = try rewriter.rewrite(sample.object).object
    _ = once.append(
      Section(
        name: PreparedName.objectNote, type: .note, flags: [], address: 0, alignment: 4,
        entrySize: 0, contents: [], byteCount: 0))
    let twice = try rewriter.rewrite(once)
    #expect(twice.object == once)
    #expect(twice.procedures.isEmpty)
  }

  @Test func `what is cold or cloned belongs to its procedure and gets no trampoline`()
    async throws
  {
    let sample = try await Sample(
      """
      #include <stdio.h>
      #include <stdlib.h>
      extern void lost(int) __attribute__((cold));
      static __attribute__((noinline)) int scaled(int n, int by) { return n > 9 ? n * by : n + by; }
      int work(int n) { if (n > 1000) { lost(n); lost(n + 1); } return scaled(n, 7) + scaled(n + 1, 7); }
      void lost(int n) { printf("lost %d\\n", n); exit(2); }
      int main(int c, char **v) { printf("%d\\n", work(c * 9) + work(c)); return 0; }
      """, ["-O2"])
    defer { removeFolder(sample.folder) }
    let parts = sample.object.symbols.map(\.name).filter {
      $0.contains(".cold") || $0.contains(".constprop")
    }
    #expect(parts.contains("work.cold"))
    let rewritten = try rewriter.rewrite(sample.object)
    #expect(!rewritten.procedures.contains { $0.contains(".") })
    try sample.write(rewritten.object, to: "b.o")
    #expect(try await sample.link("b", []) == (try await sample.link("a", [])))
  }
}
