import Disassembler
import TestSupport
import Testing
import X86Code

@Suite struct DecodingTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let text: String
    let bytes: [UInt8]
    let flow: Instruction.Flow
    var target: Int?
    var isRIPRelative = false
    var immediate: Int64?
    var testDescription: String { text }
  }

  @Test(arguments: [
    Form(text: "call +16", bytes: [0xE8, 16, 0, 0, 0], flow: .call, target: 21),
    Form(text: "jmp -2", bytes: [0xEB, 0xFE], flow: .jump, target: 0),
    Form(text: "je +256", bytes: [0x0F, 0x84, 0, 1, 0, 0], flow: .conditionalJump, target: 262),
    Form(
      text: "call *8(%rip)", bytes: [0xFF, 0x15, 8, 0, 0, 0], flow: .indirectCall, target: 14,
      isRIPRelative: true),
    Form(text: "notrack jmp *%rax", bytes: [0x3E, 0xFF, 0xE0], flow: .indirectJump),
    Form(
      text: "lea -7(%rip), %rax", bytes: [0x48, 0x8D, 0x05, 0xF9, 0xFF, 0xFF, 0xFF], flow: .next,
      target: 0, isRIPRelative: true),
    Form(
      text: "movl $5, 4(%rip)", bytes: [0xC7, 0x05, 4, 0, 0, 0, 5, 0, 0, 0], flow: .next,
      target: 14, isRIPRelative: true, immediate: 5),
    Form(text: "mov $-1, %edi", bytes: [0xBF, 0xFF, 0xFF, 0xFF, 0xFF], flow: .next, immediate: -1),
    Form(text: "endbr64", bytes: [0xF3, 0x0F, 0x1E, 0xFA], flow: .next),
    Form(text: "ret", bytes: [0xC3], flow: .return),
  ])
  func `knows what an instruction refers to`(_ form: Form) throws {
    let decoded = try ZydisDecoder().instructions(in: form.bytes)
    let instruction = try #require(decoded.first)
    #expect(decoded.count == 1)
    #expect(instruction.byteCount == form.bytes.count)
    #expect(instruction.flow == form.flow)
    #expect(instruction.isRIPRelative == form.isRIPRelative)
    #expect(instruction.target == form.target)
    #expect(instruction.immediate?.value == form.immediate)
  }

  @Test func `names the first byte that starts no instruction`() {
    #expect(throws: DecodingFailure.undecodable(atByte: 1)) {
      try ZydisDecoder().instructions(in: [0x90, 0x06, 0x90])
    }
    #expect(throws: DecodingFailure.undecodable(atByte: 2)) {
      try ZydisDecoder().instructions(in: [0x90, 0x90, 0xE8, 0, 0])
    }
  }

  @Test func `finds nothing in nothing`() throws {
    #expect(try ZydisDecoder().instructions(in: []).isEmpty)
  }

  @Test(arguments: [["-O0"], ["-O2", "-mavx2"], ["-O3", "-mavx512f", "-fcf-protection"]])
  func `splits compiled code where objdump does`(_ flags: [String]) async throws {
    let source = CompiledSource(Self.code, flags: flags + ["-ffunction-sections", "-fno-pie"])
    let folder = try temporaryFolder(named: "decoding")
    defer { removeFolder(folder) }
    try write(try await source.object(), to: "\(folder)/a.o")
    try await objcopy(in: folder)
    let text = bytes(of: "\(folder)/text")
    let listing = try await Command(
      "/usr/bin/objdump", ["-D", "-b", "binary", "-m", "i386:x86-64", "-w", "text"],
      directory: folder
    ).run()
    let starts = listing.output.split(separator: "\n").compactMap { line -> Int? in
      let word = line.drop { $0 == " " }.prefix { $0 != ":" }
      return line.hasPrefix(" ") ? Int(word, radix: 16) : nil
    }
    #expect(starts.count > 50)
    #expect(try ZydisDecoder().instructions(in: text).map(\.offset) == starts)
  }

  private func objcopy(in folder: String) async throws {
    let outcome = try await Command(
      "/usr/bin/objcopy", ["-O", "binary", "-j", ".text.sum", "a.o", "text"], directory: folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
  }

  private static let code = """
    struct pair { double x; float y[8]; };
    int other(int);
    double sum(struct pair *p, int n, int kind) {
      double total = 0;
      for (int i = 0; i < n; i++) {
        switch (kind) {
        case 0: total += p[i].x; break;
        case 1: total *= p[i].y[i & 7]; break;
        case 2: total -= other(i); break;
        case 3: p[i].x = total; break;
        case 4: for (int j = 0; j < 8; j++) p[i].y[j] *= 2.5f; break;
        case 5: total = __builtin_sqrt(total); break;
        }
      }
      return total;
    }
    """

  /// All instructions with their fields, and their fields alone: the same of each form.
  @Test func `finds the same fields without the rest`() throws {
    let decoder = Whole(ZydisDecoder())
    var code: [UInt8] = []
    for form: [UInt8] in [
      [0xE8, 16, 0, 0, 0], [0xEB, 0xFE], [0xC7, 0x05, 4, 0, 0, 0, 5, 0, 0, 0], [0xC3],
      [0x48, 0x8D, 0x05, 0xF9, 0xFF, 0xFF, 0xFF], [0xBF, 1, 0, 0, 0], [0xC8, 1, 0, 2],
      [0x48, 0xA1, 1, 2, 3, 4, 5, 6, 7, 8], [0x66, 0x81, 0x3D, 1, 0, 0, 0, 2, 0],
    ] {
      code += form
    }
    let ends = try ZydisDecoder().operandEnds(in: code)
    #expect(ends == (try decoder.operandEnds(in: code)))
    #expect(ends.count >= 9)
    #expect(ends.map(\.field) == ends.map(\.field).sorted())
    #expect(throws: DecodingFailure.undecodable(atByte: 1)) {
      try ZydisDecoder().operandEnds(in: [0xC3, 0x06])
    }
  }

  /// A decoder that knows instructions only, as any other may.
  private struct Whole: InstructionDecoding {
    let decoder: ZydisDecoder
    init(_ decoder: ZydisDecoder) { self.decoder = decoder }
    func instructions(in code: [UInt8]) throws(DecodingFailure) -> [Instruction] {
      try decoder.instructions(in: code)
    }
  }
}
