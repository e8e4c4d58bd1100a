import TestSupport
import Testing

/// Objects with more sections than 16 bits can number (gABI, "ELF Header", `e_shnum`).
@Suite(.timeLimit(.minutes(2))) struct ManySectionsTests {
  /// The assembler makes the procedures, since the compiler would take far longer for them.
  private static let source = #"""
    #include <stdio.h>
    __asm__(".altmacro\n"
      ".macro one n\n"
      ".section .text.a\\n,\"ax\",@progbits\n"
      ".globl a\\n\n .type a\\n,@function\n a\\n: ret\n .size a\\n,.-a\\n\n"
      ".endm\n"
      ".set i,0\n .rept 13200\n one %i\n .set i,i+1\n .endr\n"
      ".noaltmacro\n .text\n");
    void a0(void);
    void a13199(void);
    __attribute__((noinline)) int value(void) { a0(); a13199(); return 7; }
    int main(void) { printf("%d\n", value()); return 0; }

    """#

  @Test func `one that rewriting brings over the limit links and runs`() async throws {
    let folder = try temporaryFolder(named: "sections")
    defer { removeFolder(folder) }
    try write(Array(Self.source.utf8), to: "\(folder)/main.c")
    for arguments in [["-O1", "-c", "main.c"], ["main.o", "-o", "main"]] {
      let outcome = try await Command(
        Surroundings.tool("pupcc"), arguments, directory: folder, timeout: .seconds(60)
      ).run()
      try #require(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    }
    #expect(try await toolOutput("\(folder)/main") == "7\n")
    // "0 (66041)": the number is in the first section header.
    let header = try await toolOutput("/usr/bin/readelf", "-hW", "\(folder)/main.o")
    let count = try #require(header.firstMatch(of: /Number of section headers: *0 \((\d+)\)/))
    #expect((Int(count.output.1) ?? 0) > 65_279)
    let dump = try await Command("/usr/bin/readelf", ["-SW", "\(folder)/main.o"]).run()
    #expect(dump.status == 0 && dump.errors.isEmpty)
    #expect(dump.output.contains(".symtab_shndx"))
  }
}
