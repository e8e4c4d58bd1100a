import Foundation
import TestSupport
import Testing

/// A folder with two versions of a program, made by the real `pupcc`, and the header for its maps.
struct HeaderFiles {
  let folder: String

  /// Calls `body` with the folder, and clears it away.
  ///
  /// `files` are texts by name; those that end in `.c` are the program, with `-DV2` its second
  /// version.
  static func with(
    _ files: [String: String], flags: [String] = ["-O2"],
    _ body: (HeaderFiles) async throws -> Void
  ) async throws {
    let made = HeaderFiles(folder: try temporaryFolder(named: "maps"))
    defer { removeFolder(made.folder) }
    for (name, text) in files { try made.write(text, to: name) }
    let sources = files.keys.filter { $0.hasSuffix(".c") }.sorted()
    for (program, version) in [("old", [String]()), ("new", ["-DV2"])] {
      try await made.run(
        Surroundings.tool("pupcc"), flags + ["-w"] + version + sources + ["-o", program])
    }
    try await made.run(
      Surroundings.tool("ush"), ["diff", "--header", "old", "new", "-o", "maps.h"])
    try await body(made)
  }

  var header: String { contents(of: "\(folder)/maps.h") }

  func write(_ text: String, to name: String) throws {
    try TestSupport.write(Array(text.utf8), to: "\(folder)/\(name)")
  }

  /// Runs a tool here and expects it to succeed.
  @discardableResult
  func run(_ path: String, _ arguments: [String]) async throws -> Command.Outcome {
    let outcome = try await Command(path, arguments, directory: folder).runInTurn()
    #expect(outcome.status == 0, "\(path) \(arguments)\n\(outcome.summary)\n\(header)")
    return outcome
  }

  /// The size and name of each symbol that an object defines.
  func sizes(in object: String) async throws -> [String] {
    let lines = try await run("/usr/bin/nm", ["-S", "--defined-only", object]).output
    return lines.split(separator: "\n").map {
      $0.split(separator: " ").dropFirst().joined(separator: " ")
    }.sorted()
  }

  /// Compiles C text with all warnings as errors.
  func compile(_ text: String, _ flags: String..., as name: String = "unit") async throws {
    try write(text, to: "\(name).c")
    try await run(
      "/usr/bin/gcc", ["-Wall", "-Werror"] + flags + ["-c", "\(name).c", "-o", "\(name).o"])
  }
}
