import Glibc
import PupProtocol
import TestSupport
import Testing

/// Our tools in a folder where `pup` is the scripted one, which needs no prepared programs.
enum TestTools {
  /// Made once for the test process; tools of ours look for each other beside themselves.
  static let folder: String = {
    do {
      let folder = try temporaryFolder(named: "tools")
      // Other users are to be able to run them.
      unsafe chmod(folder, 0o755)
      for (tool, name) in [
        ("ush", "ush"), ("pupmapper", "pupmapper"), ("ScriptedPup", "pup"),
      ] {
        try copy(Surroundings.tool(tool), to: "\(folder)/\(name)")
      }
      atexit { TestTools.remove() }
      return folder
    } catch {
      return "/nonexistent"
    }
  }()

  static var ush: String { "\(folder)/ush" }
  static var pup: String { "\(folder)/pup" }
  static var mapper: String { "\(folder)/pupmapper" }

  private static func remove() { removeFolder(folder) }
}

extension Sandbox {
  /// Runs the `ush` whose pups are scripted.
  func talk(
    _ arguments: String..., timeout: Duration = .seconds(30)
  ) async throws(LiveFailure) -> Command.Outcome {
    try await talk(arguments, timeout: timeout)
  }

  func talk(
    _ arguments: [String], timeout: Duration = .seconds(30)
  ) async throws(LiveFailure) -> Command.Outcome {
    try await Command(
      TestTools.ush, arguments, environment: environment(), directory: folder, timeout: timeout
    ).run()
  }
}

/// A scripted pup that runs `sleep`, for `body`, which gets its socket and a folder to use.
func withScriptedPup(_ body: (String, String) async throws -> Void) async throws {
  try await withSandbox { sandbox in
    let outcome = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
    try #require(outcome.status == 0, "\(outcome.summary)")
    try await body("\(sandbox.runtimeFolder)/x.socket", sandbox.folder)
  }
}

/// A file that looks like an executable, of the name that says how the scripted update goes.
func program(_ name: String, in folder: String) throws -> String {
  let path = "\(folder)/\(name)"
  try write(Array("\u{7f}ELF".utf8) + [0, 1, 2], to: path, executable: true)
  return path
}

/// Runs blocking code off the threads that tasks run on.
func onThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws(TalkFailure) -> Value
) async throws -> Value {
  let result: Result<Value, TalkFailure> = await withCheckedContinuation { continuation in
    let work: @Sendable () -> Void = {
      do throws(TalkFailure) {
        continuation.resume(returning: .success(try body()))
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    do throws(TalkFailure) {
      try onNewThread(work)
    } catch {
      continuation.resume(returning: .failure(error))
    }
  }
  return try result.get()
}
