import ELFFile
import ObjectModel
import TestSupport
import Testing

/// Objects read, written and used again.
@Suite(.timeLimit(.minutes(2))) struct RoundTripTests {
  @Test(arguments: [
    ["-O0"], ["-O1", "-g"], ["-O2", "-ffunction-sections", "-fdata-sections", "-g"],
    ["-O3", "-fcommon"], ["-Os", "-fno-pic", "-no-pie", "-g", "-gz"],
    ["-O2", "-mcmodel=large", "-fno-pie"],
  ])
  func `an object that was read and written links and runs as before`(flags: [String])
    async throws
  {
    let (folder, path) = try await Samples.object(flags)
    defer { removeFolder(folder) }
    let object = try ELFReader.object(atPath: path)
    let written = try ELFWriter.bytes(of: object, name: "b.o")
    try write(written, to: "\(folder)/b.o")
    #expect(try ELFReader.object(written, name: "b.o") == normalised(object))
    #expect(try ELFWriter.bytes(of: object, name: "b.o") == written)
    let link = flags.contains { $0.contains("no-pi") } ? ["-no-pie"] : []
    try await Samples.gcc(link + ["b.o", "-o", "b"], in: folder)
    #expect(try await toolOutput("\(folder)/b") == Samples.output)
    _ = try await toolOutput("/usr/bin/readelf", "-aW", "\(folder)/b.o")
    let lint = try await Command("/usr/bin/eu-elflint", ["--gnu-ld", "\(folder)/b.o"]).run()
    let plain = try await Command("/usr/bin/eu-elflint", ["--gnu-ld", path]).run()
    #expect(lint.status == plain.status, "\(lint.summary)")
  }

  @Test func `the symbols and sections are those that readelf shows`() async throws {
    let (folder, path) = try await Samples.object(["-O2", "-ffunction-sections"])
    defer { removeFolder(folder) }
    let object = try ELFReader.object(atPath: path)
    let symbols = try await toolOutput("/usr/bin/nm", "-P", path).split(separator: "\n").map {
      $0.split(separator: " ").prefix(2).joined(separator: " ")
    }
    let weak = try #require(object.symbols.first { $0.name == "weak_one" })
    #expect(weak.binding == .weak)
    #expect(symbols.contains("weak_one W"))
    #expect(object.symbols.first { $0.name == "hidden" }?.visibility == .hidden)
    #expect(object.symbols.first { $0.name == "printf" }?.place == .undefined)
    let named = Set(object.symbols.map(\.name))
    #expect(symbols.allSatisfy { named.contains(String($0.split(separator: " ")[0])) })
    let text = try #require(object.section(named: ".text.weak_one"))
    #expect(object[text].isExecutable)
    let dump = try await toolOutput("/usr/bin/readelf", "-rW", path)
    let count = dump.split(separator: "\n").filter { $0.contains("R_X86_64_") }.count
    #expect(object.sections.map(\.relocations.count).reduce(0, +) == count)
  }

  /// The writer puts local symbols first; ids follow.
  private func normalised(_ object: ObjectFile) throws -> ObjectFile {
    try ELFReader.object(try ELFWriter.bytes(of: object, name: "n.o"), name: "n.o")
  }
}
