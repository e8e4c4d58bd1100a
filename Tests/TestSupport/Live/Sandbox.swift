import Foundation

/// A runtime and a state directory of its own for one live test, and the tools run in it.
///
/// Everything that a command in it starts has its runtime directory in the environment; that is how
/// `close` finds what is left, by process ID.
package final class Sandbox: Sendable {
  /// Short, since sockets lie in it.
  package let folder: String

  fileprivate init() throws(LiveFailure) {
    folder = try temporaryFolder(named: "live")
  }

  package var runtimeFolder: String { "\(folder)/run" }

  /// The environment of every command here.
  package func environment(adding more: [String: String] = [:]) -> [String: String] {
    var all = Surroundings.environment
    all["PUP_RUNTIME_DIR"] = runtimeFolder
    all["XDG_STATE_HOME"] = "\(folder)/state"
    all["XDG_CACHE_HOME"] = "\(folder)/cache"
    all["PIZZA_MS"] = "5"
    all["TICK_MS"] = "10"
    all.merge(more) { $1 }
    return all
  }

  /// Runs `ush` with these arguments, to its end.
  package func ush(
    _ arguments: String..., environment more: [String: String] = [:],
    timeout: Duration = .seconds(60)
  ) async throws(LiveFailure) -> Command.Outcome {
    try await ush(arguments, environment: more, timeout: timeout)
  }

  /// Runs `ush` with these arguments, to its end.
  package func ush(
    _ arguments: [String], environment more: [String: String] = [:],
    timeout: Duration = .seconds(60)
  ) async throws(LiveFailure) -> Command.Outcome {
    try await Command(
      Surroundings.tool("ush"), arguments, environment: environment(adding: more),
      directory: folder, timeout: timeout
    ).run()
  }

  /// `ush status NAME --json`.
  package func status(
    of name: String, environment more: [String: String] = [:]
  ) async throws(LiveFailure) -> LiveStatus {
    try decode(from: try await ush("status", name, "--json", environment: more))
  }

  /// Starts a program under a new pup.
  package func run(
    _ name: String, _ executable: String, _ arguments: [String] = [],
    environment more: [String: String] = [:]
  ) async throws(LiveFailure) -> LiveProgram {
    let outcome = try await ush(["run", name, executable] + arguments, environment: more)
    guard outcome.status == 0 else {
      throw .cannotStart(path: executable, reason: outcome.summary)
    }
    let status = try await status(of: name, environment: more)
    guard let pid = status.target.pid, let log = status.target.log else {
      throw .cannotStart(path: executable, reason: "no pid or log in \(status)")
    }
    return LiveProgram(name: name, sandbox: self, process: ProcessView(pid), log: log)
  }

  /// Ends every process that was started here and is left.
  fileprivate func close() async {
    // Also what runs on the hosts of the sandbox, which lie in its folder.
    let setting = "PUP_RUNTIME_DIR=\(folder)/"
    for _ in 0..<20 {
      let left = ProcessView.all(whereSettingBegins: setting).filter(\.isAlive)
      if left.isEmpty { break }
      for process in left { signal(.kill, to: process.pid) }
      await pause(.milliseconds(20))
    }
    removeFolder(folder)
  }
}

/// Gives `body` a sandbox of its own, and clears it away however `body` ends.
package func withSandbox<Result>(_ body: (Sandbox) async throws -> Result) async throws -> Result {
  await liveSlots.take()
  do {
    let sandbox = try Sandbox()
    do {
      let result = try await body(sandbox)
      await sandbox.close()
      await liveSlots.giveBack()
      return result
    } catch {
      await sandbox.close()
      throw error
    }
  } catch {
    await liveSlots.giveBack()
    throw error
  }
}

/// Lets a few sandboxes exist at a time: live tests mostly wait, but not all of the time.
private let liveSlots = Slots(count: 3)

extension Sandbox {
  /// What must be the same before and after: the process, its open files, and that no one traces it.
  package struct Unchanged: Hashable, Sendable {
    package var startTime: String
    package var openFiles: [String: String]
    package var tracer: Int32
    package var isAlive: Bool
  }
}

/// A program that runs under a pup.
package struct LiveProgram: Sendable {
  package let name: String
  package let sandbox: Sandbox
  package let process: ProcessView
  /// The path of the file that its output goes to.
  package let log: String

  /// What it has printed so far.
  package var output: String { contents(of: log) }

  /// Waits until its output, from byte `start` on, contains `text`.
  package func prints(
    _ text: String, after start: Int = 0, within timeout: Duration = .seconds(10)
  ) async -> Bool {
    await eventually(within: timeout) {
      String(decoding: bytes(of: log).dropFirst(start), as: UTF8.self).contains(text)
    }
  }

  /// The process as it must be after an update too.
  package var unchanged: Sandbox.Unchanged {
    Sandbox.Unchanged(
      startTime: process.startTime, openFiles: process.openFiles, tracer: process.tracer,
      isAlive: process.isAlive)
  }

  /// How many bytes it has printed so far.
  package var printed: Int { bytes(of: log).count }

  /// Whether it goes on printing.
  package func goesOn(within timeout: Duration = .seconds(5)) async -> Bool {
    let before = printed
    return await eventually(within: timeout) { printed > before } && process.isAlive
  }

  /// Runs `ush update NAME … --json` and returns how it ended with its report.
  package func update(
    to what: String, _ options: String..., environment: [String: String] = [:]
  ) async throws(LiveFailure) -> (outcome: Command.Outcome, report: LiveReport) {
    let outcome = try await sandbox.ush(
      ["update", name, what] + options + ["--json"], environment: environment)
    return (outcome, try decode(from: outcome))
  }
}
