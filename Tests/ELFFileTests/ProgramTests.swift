import ELFFile
import ObjectModel
import TestSupport
import Testing

/// Finished programs, to which sections are added and from which they are taken.
@Suite(.timeLimit(.minutes(2))) struct ProgramTests {
  @Test(arguments: [["-O2", "-g"], ["-O2", "-static"], ["-O2", "-no-pie", "-s"]])
  func `sections come and go, and the program stays what it was`(flags: [String]) async throws {
    let (folder, _) = try await Samples.object(flags)
    defer { removeFolder(folder) }
    try await Samples.gcc(flags + ["a.c", "-o", "a"], in: folder)
    let program = try ELFProgram(atPath: "\(folder)/a")
    let contents = Array("what travels with the program".utf8)
    let changed = program.file(adding: [.init(name: ".pup_test", contents: contents)]) {
      $0 == ".comment"
    }
    try write(changed, to: "\(folder)/b", executable: true)
    #expect(try await toolOutput("\(folder)/b") == Samples.output)
    let before = try await toolOutput("/usr/bin/readelf", "-SW", "\(folder)/a")
    let after = try await toolOutput("/usr/bin/readelf", "-SW", "\(folder)/b")
    #expect(before.contains(".comment") && !before.contains(".pup_test"))
    #expect(!after.contains(".comment") && after.contains(".pup_test"))
    let text = try await toolOutput("/usr/bin/readelf", "-p", ".pup_test", "\(folder)/b")
    #expect(text.contains("what travels with the program"))
    let lint = try await Command("/usr/bin/eu-elflint", ["--gnu-ld", "\(folder)/b"]).run()
    let plain = try await Command("/usr/bin/eu-elflint", ["--gnu-ld", "\(folder)/a"]).run()
    #expect(lint.status == plain.status, "\(lint.summary)\nbefore: \(plain.summary)")
    let again = try ELFProgram(changed, name: "b")
    let added = try #require(again.section(named: ".pup_test"))
    #expect(again.contents(of: added) == contents)
    #expect(again.buildID == program.buildID)
    #expect(try again.symbols() == program.symbols())
    let stripped = again.file(adding: []) { $0 == ".pup_test" || $0.hasPrefix(".debug") }
    try write(stripped, to: "\(folder)/c", executable: true)
    #expect(try await toolOutput("\(folder)/c") == Samples.output)
  }

  @Test func `bytes are patched where they are loaded, and nowhere else`() async throws {
    let (folder, _) = try await Samples.object(["-O2"])
    defer { removeFolder(folder) }
    try await Samples.gcc(["a.o", "-o", "a"], in: folder)
    var program = try ELFProgram(atPath: "\(folder)/a")
    let symbols = try program.symbols()
    let names = try #require(symbols.first { $0.name == "per_thread" || $0.name == "names" })
    #expect(names.byteCount > 0)
    let rodata = try #require(program.section(named: ".rodata"))
    let place = try #require(find("three", in: program.contents(of: rodata)))
    try program.patch(Array("drei!".utf8), at: rodata.address + UInt64(place))
    try write(program.bytes, to: "\(folder)/b", executable: true)
    #expect(
      try await toolOutput("\(folder)/b")
        == Samples.output.replacing("three", with: "drei!"))
    let bss = try #require(program.section(named: ".bss"))
    for address in [bss.address + 4096, UInt64.max - 1, 1 << 40] {
      #expect(throws: ELFFailure.self) { try program.patch([1, 2, 3, 4], at: address) }
    }
  }

  private func find(_ text: String, in bytes: [UInt8]) -> Int? {
    let wanted = Array(text.utf8)
    return bytes.indices.first { bytes[$0...].starts(with: wanted) }
  }
}
