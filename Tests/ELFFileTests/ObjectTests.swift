import ELFFile
import ObjectModel
import TestSupport
import Testing

@Suite struct ObjectTests {
  @Test(arguments: [
    ["-O2", "-g3"], ["-O3", "-fno-pie", "-gz=zlib-gnu", "-g"],
    ["-O2", "-ffunction-sections", "-fdata-sections", "-fdebug-types-section", "-g"],
    ["-O2", "-fPIC", "-fpatchable-function-entry=2"],
  ])
  func `writes an object as it read it`(_ flags: [String]) async throws {
    let original = try await CompiledSource(varied, flags: flags).object()
    let object = try ELFReader.object(original, name: "a.o")
    let written = try ELFWriter.bytes(of: object, name: "b.o")
    #expect(try ELFReader.object(written, name: "b.o") == object)
    #expect(try ELFWriter.bytes(of: object, name: "b.o") == written)
    #expect(try await readelfComplaints(about: written) == "")
    let mode = flags.contains("-fno-pie") ? ["-no-pie"] : []
    let plain = try await linkedAndRun([original], flags: mode)
    let rebuilt = try await linkedAndRun([written], flags: mode)
    #expect(plain.output == "9 8 3 0 0 24 -1 three 8\n")
    #expect(rebuilt.output == plain.output)
  }

  @Test func `keeps COMDAT groups`() async throws {
    let source = """
      .macro one name
      .section .text.\\name,"axG",@progbits,\\name,comdat
      .weak \\name
      .type \\name,@function
      \\name: call other@PLT
      ret
      .size \\name, .-\\name
      .endm
      one first
      one second
      """
    let flags: [String] = []
    let bytes = try await CompiledSource(source, file: "a.s", flags: flags).object()
    let object = try ELFReader.object(bytes, name: "a.o")
    #expect(object.groups.count == 2)
    for group in object.groups {
      #expect(group.isCOMDAT)
      #expect(group.members.map { object[$0].name } == [".text." + object[group.signature].name])
    }
    let written = try ELFWriter.bytes(of: object, name: "b.o")
    #expect(try ELFReader.object(written, name: "b.o") == object)
    #expect(try await readelfComplaints(about: written) == "")
    // Linked twice, each must be kept once: without groups both copies stay.
    let folder = try temporaryFolder(named: "groups")
    defer { removeFolder(folder) }
    try write(written, to: "\(folder)/a.o")
    try write(written, to: "\(folder)/b.o")
    try await gcc(["-nostdlib", "-r", "a.o", "b.o", "-o", "both.o"], in: folder)
    let both = try ELFReader.object(atPath: "\(folder)/both.o")
    #expect(both.groups.count == 2)
    #expect(both.sections.count { $0.name.hasPrefix(".text.") } == 2)
  }

  @Test func `keeps what the linker is to retain`() async throws {
    let source = """
      __attribute__((retain, used, section("keepsake"))) static int kept = 5;
      int main(void) { return 0; }
      """
    let bytes = try await CompiledSource(source, flags: ["-O2", "-fdata-sections"]).object()
    let object = try ELFReader.object(bytes, name: "a.o")
    let written = try ELFWriter.bytes(of: object, name: "b.o")
    let program = try ELFProgram(
      try await linked([written], flags: ["-Wl,--gc-sections"]), name: "program")
    #expect(program.section(named: "keepsake")?.byteCount == 4)
  }

  @Test func `writes and reads more sections than 16 bits can number`() async throws {
    var object = ObjectFile()
    for number in 0..<66_000 {
      let section = object.append(
        Section(
          name: ".text.f", type: .progbits, flags: [.allocated, .executable],
          contents: [0xB8, UInt8(number % 100), 0, 0, 0, 0xC3]))
      _ = object.append(
        Symbol(
          name: "f\(number)", binding: .global, type: .function, place: .section(section),
          byteCount: 6))
    }
    let written = try ELFWriter.bytes(of: object, name: "many.o")
    #expect(try ELFReader.object(written, name: "many.o") == object)
    let main = try await CompiledSource(
      "int f42(void), f65999(void); int main(void) { return f42() + f65999(); }"
    ).object()
    #expect(try await linkedAndRun([main, written], flags: ["-Wl,-z,noexecstack"]).status == 141)
  }
}
