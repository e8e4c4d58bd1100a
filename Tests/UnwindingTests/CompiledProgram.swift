import TestSupport

/// A program of `Programs/`, compiled by gcc into a folder of its own, which goes with it.
final class CompiledProgram: Sendable {
  let path: String
  private let folder: String

  /// Compiles `Programs/NAME.c`; `arguments` are gcc's, besides the source and the output.
  init(_ name: String, _ arguments: [String]) async throws {
    folder = try temporaryFolder(named: name)
    path = folder + "/" + name
    let source = Surroundings.repository + "/Tests/UnwindingTests/Programs/\(name).c"
    try await Self.gcc([source, "-pthread", "-o", path] + arguments)
  }

  deinit { removeFolder(folder) }

  /// - Throws: `LiveFailure.cannotBuild` with gcc's words.
  static func gcc(_ arguments: [String]) async throws {
    let outcome = try await Command("/usr/bin/gcc", arguments).runInTurn()
    guard outcome.status == 0 else {
      throw LiveFailure.cannotBuild(fixture: arguments[0], log: outcome.summary)
    }
  }
}
