import TestSupport

/// A program of `Programs/`, compiled by gcc into a folder of its own, which goes with it.
final class CompiledProgram: Sendable {
  let path: String
  private let folder: String

  /// Compiles `Programs/NAME.c`; `arguments` are the compiler's, besides the source and the output.
  ///
  /// A program that `isPrepared` is compiled by `pupcc`.
  init(_ name: String, _ arguments: [String], isPrepared: Bool = false) async throws {
    folder = try temporaryFolder(named: name)
    path = folder + "/" + name
    let source = Surroundings.repository + "/Tests/UnwindingTests/Programs/\(name).c"
    let compiler = isPrepared ? Surroundings.tool("pupcc") : "/usr/bin/gcc"
    try await Self.compile(
      with: compiler, [source, "-g", "-pthread", "-o", path] + arguments)
  }

  deinit { removeFolder(folder) }

  /// - Throws: `LiveFailure.cannotBuild` with gcc's words.
  static func gcc(_ arguments: [String]) async throws {
    try await compile(with: "/usr/bin/gcc", arguments)
  }

  private static func compile(with compiler: String, _ arguments: [String]) async throws {
    let outcome = try await Command(compiler, arguments).runInTurn()
    guard outcome.status == 0 else {
      throw LiveFailure.cannotBuild(fixture: arguments[0], log: outcome.summary)
    }
  }
}
