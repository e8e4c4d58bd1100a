import Comparing
import Disassembler
import ELFFile
import Foundation
import ObjectModel
import Relinking
import TestSupport
import Testing

/// A program that `pupcc` makes of C files, as an update reads it.
struct Prepared {
  /// By file name; a name may have directories.
  var files: [String: String]
  var flags = ["-O2"]
  /// A folder below a temporary one, so that two builds can lie in different places.
  var folder = "src"
  /// Whether the compiler is given absolute paths, as CMake does.
  var isAbsolute = false

  init(_ source: String, _ flags: String..., file: String = "prog.c") {
    files = [file: source]
    if !flags.isEmpty { self.flags = flags }
  }

  init(files: [String: String], flags: [String] = ["-O2"]) {
    self.files = files
    self.flags = flags
  }

  func image() async throws -> ProgramImage {
    let top = try temporaryFolder(named: "comparing")
    defer { removeFolder(top) }
    let place = "\(top)/\(folder)"
    for (name, text) in files {
      let path = "\(place)/\(name)"
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true)
      try TestSupport.write(Array(text.utf8), to: path)
    }
    let sources = files.keys.filter { $0.hasSuffix(".c") }.sorted()
      .map { isAbsolute ? "\(place)/\($0)" : $0 }
    let outcome = try await Command(
      Surroundings.tool("pupcc"), ["-w"] + flags + sources + ["-o", "prog"], directory: place
    ).runInTurn()
    try #require(outcome.status == 0, "\(outcome.summary)")
    return try Self.image(atPath: "\(place)/prog")
  }

  /// Reads what `pupcc` put into a program.
  static func image(atPath path: String) throws -> ProgramImage {
    let program = try ELFProgram(atPath: path)
    let delta = program.contents(of: try #require(program.section(named: PreparedName.delta)))
    let size = delta[8..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
    let json = try Compression.inflate(Array(delta[16...]), expectedByteCount: size, file: path)
    let objects = program.contents(
      of: try #require(program.section(named: PreparedName.embeddedObject)))
    return ProgramImage(
      delta: try JSONDecoder().decode(Delta.self, from: Data(json)),
      objects: try EmbeddedObjects.parse(objects).map { entry in
        let bytes = try Compression.inflate(
          entry.compressed, expectedByteCount: entry.byteCount, file: path)
        return try ELFReader.object(bytes, name: path)
      })
  }
}

/// Compares two prepared programs.
func changes(
  _ old: Prepared, _ new: Prepared, wishes: String = "", maps: GivenMaps = GivenMaps()
) async throws -> Changes {
  try changes(
    try await old.image(), try await new.image(),
    ChangesFile(parsing: wishes, path: "test.changes"), maps)
}

/// Compares two images.
func changes(
  _ old: ProgramImage, _ new: ProgramImage, _ wishes: ChangesFile = ChangesFile(),
  _ maps: GivenMaps = GivenMaps()
) throws -> Changes {
  try Comparison(old: old, new: new, wishes: wishes, maps: maps, decoder: ZydisDecoder()).changes()
}
