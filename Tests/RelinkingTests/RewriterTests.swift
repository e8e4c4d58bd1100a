import Disassembler
import ELFFile
import ObjectModel
import Relinking
import TestSupport
import Testing

@Suite struct RewriterTests {
  @Test func `names each procedure once and leaves clones to theirs`() async throws {
    let source = try await RewrittenSource(
      """
      int printf(const char *, ...);
      __attribute__((noinline)) static int scale(int x, int by) { return printf("%d", x * by); }
      __attribute__((noinline, cold)) static void fail(int x) { printf("bad %d", x); }
      int run(int x) { if (__builtin_expect(x < 0, 0)) fail(x); return scale(x, 3) + scale(x + 1, 3); }
      int again(int) __attribute__((alias("run")));
      __attribute__((weak)) int soft(void) { return 1; }
      int main(int n, char **v) { return run(n) + again(n) + soft(); }
      """, ["-O3"])
    let clones = source.plain.symbols.filter { $0.type == .function && $0.name.contains(".") }
    #expect(!clones.isEmpty, "gcc made no clone")
    let names = source.rewritten.procedures
    #expect(Set(names).count == names.count)
    #expect(Set(names).isSuperset(of: ["run", "soft", "main"]))
    #expect(!names.contains { $0.contains(".") || $0 == "again" })
    let object = source.rewritten.object
    for clone in clones { #expect(object.symbols.contains(clone)) }
    func symbol(_ name: String) throws -> Symbol {
      try #require(object.symbols.first { $0.name == name })
    }
    #expect(try symbol("again").place == symbol("run").place)
    #expect(try symbol("run").binding == .global)
    #expect(try symbol("soft").binding == .weak)
    #expect(try symbol("run.pup_body").binding == .local)
  }

  /// Indirect branches that are checked must find `endbr64`; where nobody checks it would cost.
  @Test(arguments: [("none", 6), ("return", 6), ("branch", 11), ("full", 11)])
  func `marks trampolines in objects that mark their branch targets`(
    protection: String, byteCount: UInt64
  ) async throws {
    let source = try await RewrittenSource(
      "int run(int x) { return x; }\n", ["-fcf-protection=\(protection)"])
    let object = source.rewritten.object
    let symbol = try #require(object.symbols.first { $0.name == "run" })
    #expect(symbol.byteCount == byteCount)
    let section = try #require(object.section(named: ".text.pup_trampoline.run"))
    let start: [UInt8] =
      byteCount == 11 ? [0xF3, 0x0F, 0x1E, 0xFA, 0x3E, 0xFF, 0x25] : [0xFF, 0x25]
    #expect(object[section].contents == start + [0, 0, 0, 0])
  }

  @Test func `counts what it re-pointed`() async throws {
    let counts = try await RewrittenSource(BindingTests.bindings).rewritten.counts
    #expect(counts.calls > 0)
    #expect(counts.addresses > 0)
    // `first` and `second` inside themselves; in the shared section two calls and an address.
    #expect(counts.synthesised == 5)
  }

  @Test func `leaves an indirect function alone, with a remark`() async throws {
    let text = """
      static int one(void) { return 41; }
      static int (*resolve(void))(void) { return one; }
      int chosen(void) __attribute__((ifunc("resolve")));
      int main(void) { return chosen() + 1; }
      """
    let source = try await RewrittenSource(text)
    #expect(
      source.rewritten.remarks == ["chosen is an indirect function (ifunc): left alone"])
    #expect(try await linkedAndRun([try source.bytes()]).status == 42)
  }

  @Test func `leaves code without a size alone, with a remark`() async throws {
    let text = """
      .text
      .globl bare
      .type bare,@function
      bare: mov $7, %eax
      ret
      .section .note.GNU-stack,"",@progbits
      """
    let source = try await RewrittenSource(text, file: "a.s", [])
    #expect(source.rewritten.remarks == ["bare has no size: left alone"])
    #expect(source.rewritten.procedures.isEmpty)
    let main = try await RewrittenSource("int bare(void); int main(void) { return bare(); }")
    #expect(try await linkedAndRun([try main.bytes(), try source.bytes()]).status == 7)
  }

  @Test func `refuses code that it cannot read, by name and place`() async throws {
    let undecodable = """
      int before(void) { return 1; }
      int odd(void) { __asm__(".byte 0x90, 0x06"); return 1; }
      """
    let failure = await #expect(throws: RewriteFailure.self) {
      try await RewrittenSource(undecodable, ["-O2", "-fcf-protection=none"])
    }
    #expect(failure == .undecodable(procedure: "odd", atByte: 1))
    let short = """
      __attribute__((section("shared"), noipa)) static int near(int x) { return x + 1; }
      __attribute__((section("shared"), noipa)) int jumper(int x) { return near(x); }
      """
    let jump = await #expect(throws: RewriteFailure.self) { try await RewrittenSource(short) }
    guard case .shortJump(from: "jumper", to: "near", _) = jump else {
      Issue.record("unexpected \(String(describing: jump))")
      return
    }
  }

  @Test func `binds the code of clones that share a section with procedures`() async throws {
    let text = """
      .macro function name value
      .type \\name,@function
      \\name: mov $\\value, %eax
      ret
      .size \\name, .-\\name
      .endm
      .section shared,"ax",@progbits
      function target 1
      function replacement 5
      .type clone.constprop.0,@function
      clone.constprop.0: call target
      ret
      .size clone.constprop.0, .-clone.constprop.0
      .globl label
      label:
      .type entry,@function
      entry: call clone.constprop.0
      ret
      .size entry, .-entry
      .section .note.GNU-stack,"",@progbits
      """
    let source = try await RewrittenSource(text, file: "a.s", [])
    #expect(source.rewritten.procedures == ["target", "replacement", "entry"])
    let main = try await CompiledSource(
      "int label(void); int main(void) { return label(); }"
    ).object()
    #expect(try await linkedAndRun([main, try source.bytes()]).status == 1)
    #expect(
      try await linkedAndRun([main, try source.rebound(["target": "replacement"])]).status == 5)
    #expect(
      try await linkedAndRun([main, try source.rebound(["entry": "replacement"])]).status == 5)
  }

  @Test func `keeps distances between code in data through a procedure's name`() async throws {
    let text = """
      .text
      .globl one
      .type one,@function
      one: mov $1, %eax
      ret
      .size one, .-one
      .globl two
      .type two,@function
      two: mov $2, %eax
      ret
      .size two, .-two
      .data
      .globl distance
      distance: .long one - .
      .section .note.GNU-stack,"",@progbits
      """
    let source = try await RewrittenSource(text, file: "a.s", [])
    let main = try await CompiledSource(
      """
      extern int distance;
      int main(void) { return ((int (*)(void))((char *)&distance + distance))(); }
      """
    ).object()
    #expect(try await linkedAndRun([main, try source.bytes()]).status == 1)
    #expect(try await linkedAndRun([main, try source.rebound(["one": "two"])]).status == 2)
  }

  @Test func `survives any damaged byte of an object's tables`() async throws {
    let object = try await CompiledSource(
      BindingTests.bindings, flags: ["-O2", "-ffunction-sections"]
    ).object()
    let rewriter = ObjectRewriter(decoder: ZydisDecoder())
    var rewritten = 0
    for place in Array(0..<64) + stride(from: object.count * 2 / 5, to: object.count, by: 11) {
      var damaged = object
      damaged[place] ^= place % 2 == 0 ? 0xFF : 0x40
      guard let read = try? ELFReader.object(damaged, name: "x"),
        let result = try? rewriter.rewrite(read).object,
        (try? ELFWriter.bytes(of: result, name: "x")) != nil
      else { continue }
      rewritten += 1
    }
    #expect(rewritten > 0)
  }
}
