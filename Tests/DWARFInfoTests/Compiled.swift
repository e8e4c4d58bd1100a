import DWARFInfo
import TestSupport
import Testing
import TypeModel

/// A program made by gcc alone, and what its debug information and symbol table say.
struct Compiled {
  let info: DebugInformation
  /// Addresses by symbol name, as `nm` prints them.
  let symbols: [String: UInt64]

  init(_ files: [String: String], _ flags: [String] = ["-O2"]) async throws {
    let folder = try temporaryFolder(named: "dwarf")
    defer { removeFolder(folder) }
    try await Self.build(files, flags, in: folder)
    info = try DWARFReader.read(path: "\(folder)/main")
    var symbols: [String: UInt64] = [:]
    for line in try await toolOutput("/usr/bin/nm", "\(folder)/main").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, let address = UInt64(words[0], radix: 16) else { continue }
      symbols[String(words[2])] = address
    }
    self.symbols = symbols
  }

  init(_ source: String, _ flags: String...) async throws {
    try await self.init(["main.c": source], flags)
  }

  /// Makes `main` of the sources among `files`.
  static func build(_ files: [String: String], _ flags: [String], in folder: String) async throws {
    for (name, text) in files { try write(Array(text.utf8), to: "\(folder)/\(name)") }
    let sources = files.keys.filter { !$0.hasSuffix(".h") }.sorted()
    let outcome = try await Command(
      "/usr/bin/gcc", ["-g", "-w"] + flags + sources + ["-o", "main"], directory: folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
  }

  func procedures(_ name: String) -> [DebugInformation.Procedure] {
    info.units.flatMap(\.procedures).filter { $0.name == name }
  }

  func procedure(_ name: String) throws -> DebugInformation.Procedure {
    try #require(procedures(name).first, "\(name)")
  }

  func data(_ name: String) -> [DebugInformation.Datum] {
    info.units.flatMap(\.data).filter { $0.name == name }
  }

  func datum(_ name: String) throws -> DebugInformation.Datum {
    try #require(data(name).first, "\(name)")
  }

  /// The structs of a tag that have a body.
  func structures(_ tag: String) -> [Composite] {
    info.types.types.compactMap { type in
      guard case .structure(let composite) = type, composite.tag == tag, composite.isComplete
      else { return nil }
      return composite
    }
  }
}
