import Foundation

/// A real terminal with a program in it: a window of a tmux server of its own.
package final class Terminal: Sendable {
  private let socket: String
  private let environment: [String: String]
  private let directory: String

  /// Opens a window of that size and runs `command`, a line for a shell, in it.
  package init(
    _ sandbox: Sandbox, _ command: String, named name: String, columns: Int = 100, rows: Int = 50,
    environment more: [String: String] = [:]
  ) async throws(LiveFailure) {
    socket = "\(sandbox.folder)/\(name).tmux"
    var environment = sandbox.environment(adding: ["TERM": "xterm-256color", "LANG": "C.UTF-8"])
    environment["PATH"] = "\(Surroundings.tools):\(environment["PATH"] ?? "/usr/bin:/bin")"
    environment.merge(more) { $1 }
    self.environment = environment
    directory = sandbox.folder
    try await tmux(
      "-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", command)
  }

  /// Types a line and Enter.
  package func type(_ line: String) async throws(LiveFailure) {
    try await write(line)
    try await press("Enter")
  }

  /// Types text without Enter.
  package func write(_ text: String) async throws(LiveFailure) {
    try await tmux("send-keys", "-l", text)
  }

  /// Presses keys, as tmux(1) names them.
  package func press(_ keys: String...) async throws(LiveFailure) {
    for key in keys { try await tmux("send-keys", key) }
  }

  package func resize(columns: Int, rows: Int) async throws(LiveFailure) {
    try await tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
  }

  /// The terminal hangs up.
  package func hangUp() async throws(LiveFailure) { try await tmux("kill-server") }

  /// Everything that was shown, wrapped lines joined, without the empty rest of the screen.
  package func lines() async -> [String] { await captured(["-J"]) }

  /// What is on the screen now, row by row, with its colours.
  package func rows() async -> [String] { await captured(["-e"]) }

  private func captured(_ options: [String]) async -> [String] {
    guard let outcome = try? await run(["capture-pane", "-p", "-S", "-"] + options) else {
      return []
    }
    var lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0.reversed().drop { $0 == " " }.reversed())
    }
    while lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines
  }

  /// Whether `text` is shown, soon.
  package func shows(_ text: String, within limit: Duration = .seconds(10)) async -> Bool {
    await eventually(within: limit) { await self.lines().contains { $0.contains(text) } }
  }

  /// Whether the last line becomes this one.
  package func waits(at line: String, within limit: Duration = .seconds(10)) async -> Bool {
    await eventually(within: limit) { await self.lines().last == line }
  }

  private func tmux(_ arguments: String...) async throws(LiveFailure) {
    let outcome = try await run(arguments)
    guard outcome.status == 0 else {
      throw .cannotStart(path: "tmux", reason: outcome.summary)
    }
  }

  private func run(_ arguments: [String]) async throws(LiveFailure) -> Command.Outcome {
    try await Command(
      "/usr/bin/tmux", ["-S", socket] + arguments, environment: environment, directory: directory
    ).run()
  }
}
