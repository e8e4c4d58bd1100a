/// A C program that a test wrote, compiled by the real gcc in a folder of its own.
package final class CProgram: Sendable {
  /// Holds `main.c`, the program `main` and what else the compiler left; removed with the object.
  package let folder: String

  package var path: String { "\(folder)/main" }

  /// Compiles and links `source`.
  package init(_ source: String, _ flags: [String] = ["-O1"]) async throws {
    folder = try temporaryFolder(named: "program")
    try write(Array(source.utf8), to: "\(folder)/main.c")
    let outcome = try await Command(
      "/usr/bin/gcc", flags + ["-g", "-pthread", "-w", "main.c", "-o", "main"], directory: folder
    ).run()
    guard outcome.status == 0 else {
      throw LiveFailure.cannotBuild(fixture: "main.c", log: outcome.summary)
    }
  }

  deinit { removeFolder(folder) }

  /// Starts it and waits until it has printed a line that begins with `ready`.
  package func start(_ arguments: String...) async throws -> StartedCommand {
    let started = try Command(path, arguments, directory: folder).start()
    let isReady = await eventually {
      started.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        .contains { $0.hasPrefix("ready") }
    }
    guard isReady else { throw LiveFailure.cannotStart(path: path, reason: "never ready") }
    return started
  }
}

/// Runs one of the machine's tools and returns what it prints.
///
/// - Throws: `.cannotStart` with all of its output unless it exits with 0.
package func toolOutput(_ path: String, _ arguments: String...) async throws(LiveFailure) -> String
{
  var outcome = try await Command(path, arguments).run()
  // A file just written may be open in the child of a command that starts at the same time.
  for _ in 0..<20 where outcome.status == 126 && outcome.errors.contains("Text file busy") {
    await pause(.milliseconds(20))
    outcome = try await Command(path, arguments).run()
  }
  guard outcome.status == 0 else { throw .cannotStart(path: path, reason: outcome.summary) }
  return outcome.output
}
