import ELFFile
import ObjectModel
import TestSupport
import Testing

@Suite struct EditingTests {
  private func program(_ flags: String...) async throws -> ELFProgram {
    let object = try await CompiledSource(varied, flags: ["-O2", "-g", "-w"]).object()
    return try ELFProgram(
      try await linked([object], flags: flags + ["-Wl,--build-id=0x0123abcd"]), name: "program")
  }

  @Test func `reads what the linker made`() async throws {
    let program = try await program("-lm", "-Wl,--no-as-needed", "-lz")
    #expect(program.isPositionIndependent)
    #expect(program.buildID == "0123abcd")
    #expect(program.interpreter == "/lib64/ld-linux-x86-64.so.2")
    #expect(try program.neededLibraries() == ["libz.so.1", "libc.so.6"])
    let main = try #require(try program.symbols().first { $0.name == "main" })
    let start = try #require(try program.symbols().first { $0.name == "_start" })
    #expect(main.kind == 2 && !main.isLocal && main.byteCount > 0)
    #expect(start.value == program.entry)
  }

  @Test func `reads a static program`() async throws {
    let program = try await program("-static")
    #expect(!program.isPositionIndependent)
    #expect(program.interpreter == nil)
    #expect(try program.neededLibraries() == [])
  }

  @Test(arguments: [[], ["-no-pie"], ["-static"], ["-Wl,--emit-relocs"]])
  func `adds and drops sections and moves nothing that is loaded`(_ flags: [String]) async throws {
    let object = try await CompiledSource(
      varied, flags: ["-O2", "-g"] + (flags == [] ? [] : ["-fno-pie"])
    ).object()
    let mode = flags == ["-Wl,--emit-relocs"] ? flags + ["-no-pie"] : flags
    let before = try ELFProgram(try await linked([object], flags: mode), name: "before")
    let file = before.file(adding: [.init(name: ".added", contents: [1, 2, 3])]) {
      $0.hasPrefix(".debug_") || $0.hasPrefix(".rela.debug_")
    }
    let after = try ELFProgram(file, name: "after")
    #expect(after.section(named: ".added").map { after.contents(of: $0) } == [1, 2, 3])
    #expect(before.section(named: ".debug_info") != nil)
    #expect(after.section(named: ".debug_info") == nil)
    let loaded = { (program: ELFProgram) in
      program.sections.filter { $0.flags.contains(.allocated) }
    }
    #expect(loaded(after).map(\.name) == loaded(before).map(\.name))
    #expect(loaded(after).map(\.fileOffset) == loaded(before).map(\.fileOffset))
    for section in loaded(before) {
      #expect(before.contents(of: section) == after.contents(of: section))
    }
    #expect(after.segments == before.segments)
    #expect(try after.symbols() == before.symbols())
    #expect(try await readelfComplaints(about: file) == "")
    #expect(try await ran(file).output == "9 8 3 0 0 24 -1 three 8\n")
  }

  @Test func `drops the symbol table and still runs`() async throws {
    let before = try await program()
    let file = before.file(adding: []) { $0 == ".symtab" || $0 == ".strtab" }
    let after = try ELFProgram(file, name: "after")
    #expect(after.section(named: ".symtab") == nil)
    #expect(try after.symbols().allSatisfy { !$0.isLocal })
    #expect(try await readelfComplaints(about: file) == "")
    #expect(try await ran(file).output == "9 8 3 0 0 24 -1 three 8\n")
  }

  @Test func `gives symbols the new numbers of their sections`() async throws {
    let object = try await CompiledSource(
      varied + "\n__asm__(\".section .early; marker: .long 7\\n.previous\");"
    ).object()
    var linkedBytes = try await linked([object])
    let folder = try temporaryFolder(named: "numbers")
    defer { removeFolder(folder) }
    try write(linkedBytes, to: "\(folder)/a")
    // objcopy puts the new section before the symbol table, behind one that is then dropped.
    let outcome = try await Command(
      "/usr/bin/objcopy", ["--add-section", ".late=/etc/hostname", "a", "b"], directory: folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
    linkedBytes = bytes(of: "\(folder)/b")
    let before = try ELFProgram(linkedBytes, name: "before")
    let file = before.file(adding: []) { $0 == ".comment" }
    try write(file, to: "\(folder)/c")
    let listing = try await Command(
      "/usr/bin/readelf", ["-sSW", "c"], directory: folder
    ).run()
    let lines = listing.output.split(separator: "\n")
    let section = try #require(lines.first { $0.contains(" .early ") })
    let number = section.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }.filter(\.isNumber)
    let symbol = try #require(lines.first { $0.hasSuffix(" marker") })
    #expect(symbol.split(separator: " ").dropLast().last.map(String.init) == number)
  }

  @Test func `points the unwinder's header elsewhere`() async throws {
    var program = try await program()
    let before = program
    program.setUnwindHeader(address: 0x1234, byteCount: 56)
    let after = try ELFProgram(program.bytes, name: "after")
    for (old, new) in zip(before.segments, after.segments) {
      if old.type == 0x6474_E550 {
        #expect(new.address == 0x1234 && new.memoryByteCount == 56)
      } else {
        #expect(old == new)
      }
    }
  }
}
