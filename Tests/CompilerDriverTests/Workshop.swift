import Foundation
import TestSupport
import Testing

/// A folder of files in which gcc, `pupcc` and what they make are run.
final class Workshop: Sendable {
  let folder: String
  static let pupcc = Surroundings.tool("pupcc")

  init(_ files: [String: String] = [:]) throws {
    folder = try temporaryFolder(named: "driver")
    for (name, text) in files { try add(name, text) }
  }

  deinit { removeFolder(folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func add(_ name: String, _ text: String) throws {
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: path(name)).deletingLastPathComponent(),
      withIntermediateDirectories: true)
    try write(Array(text.utf8), to: path(name))
  }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func text(_ name: String) -> String { contents(of: path(name)) }

  func remove(_ name: String) { removeFolder(path(name)) }

  /// Runs a program of the folder (`./prog`) or of PATH, in the folder.
  func run(
    _ program: String, _ arguments: [String] = [], with environment: [String: String] = [:]
  ) async throws -> Command.Outcome {
    var all = Surroundings.environment
    all["LC_ALL"] = "C"
    all["PUPCC_FLAGS"] = nil
    all.merge(environment) { _, new in new }
    let started = program.hasPrefix("./") ? path(String(program.dropFirst(2))) : program
    return try await Command(
      started, arguments, environment: all, directory: folder, timeout: .seconds(300)
    ).runInTurn()
  }

  /// Runs a line of shell, in which `$CC` is `pupcc`.
  func shell(_ line: String) async throws -> Command.Outcome {
    try await run("/bin/sh", ["-c", line], with: ["CC": Self.pupcc])
  }

  func pupcc(
    _ arguments: String..., with environment: [String: String] = [:]
  ) async throws -> Command.Outcome {
    try await run(Self.pupcc, arguments, with: environment)
  }

  func gcc(_ arguments: String...) async throws -> Command.Outcome {
    try await run("gcc", arguments)
  }

  /// The procedures that `pupcc --explain` finds in a program, by their IDs.
  func procedures(of program: String) async throws -> [String] {
    let outcome = try await pupcc("--explain", program, "--json")
    try #require(outcome.status == 0, "\(outcome.summary)")
    return try JSONDecoder().decode(Explained.self, from: Data(outcome.output.utf8))
      .procedures.map(\.name)
  }
}

/// What `--explain --json` says, as far as tests look at it.
struct Explained: Decodable {
  struct Procedure: Decodable {
    var name: String
    var addressTaken: Bool
  }

  var buildID: String
  var procedures: [Procedure]
  var neverUpdatable: [String: [String]]
}

/// Two sources of one program, which prints 42 and ends with status 3.
let twoSources = [
  "main.c": """
  #include <stdio.h>
  #include "twice.h"

  int main(void) {
    printf("%d\\n", twice(21));
    return 3;
  }

  """,
  "twice.c": """
  #include "twice.h"

  int twice(int number) { return 2 * number; }

  """,
  "twice.h": "int twice(int number);\n",
]

/// Runs `./prog` and expects what `twoSources` does.
func expectFortyTwo(_ shop: Workshop, _ program: String = "./prog") async throws {
  let outcome = try await shop.run(program)
  #expect(outcome.output == "42\n" && outcome.status == 3, "\(outcome.summary)")
}
