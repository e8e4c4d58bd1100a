import Foundation

/// A program to be run to its end by a live test, with its output caught in files.
///
/// Files, not pipes: a detached pup may keep the descriptors open for as long as it likes.
package struct Command: Sendable {
  package var path: String
  package var arguments: [String]
  /// The whole environment.
  package var environment: [String: String]
  package var directory: String
  /// After this the program is killed, and the outcome says so.
  package var timeout: Duration

  package init(
    _ path: String, _ arguments: [String], environment: [String: String] = Command.inherited,
    directory: String = "/", timeout: Duration = .seconds(60)
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.timeout = timeout
  }

  /// How a command ended.
  package struct Outcome: Sendable {
    /// The exit status, or 128 plus the number of the signal.
    package var status: Int32
    package var output: String
    package var errors: String
    package var timedOut: Bool

    /// Everything that a failed expectation should show.
    package var summary: String {
      "status \(status)\(timedOut ? " (timed out)" : "")\nstdout: \(output)\nstderr: \(errors)"
    }

    /// Whether stderr is exactly one line that is not empty.
    package var hasOneErrorLine: Bool {
      errors.hasSuffix("\n") && errors.split(separator: "\n").count == 1
    }
  }

  /// The environment of the test process.
  package static var inherited: [String: String] { ProcessInfo.processInfo.environment }

  /// Starts the program and waits for its end; returns also if that is a failure.
  package func run() async throws(LiveFailure) -> Outcome {
    let started = try start()
    let clock = ContinuousClock()
    let end = clock.now + timeout
    var timedOut = false
    while started.isRunning {
      if !timedOut, clock.now > end {
        timedOut = true
        started.kill()
      }
      await pause(.milliseconds(2))
    }
    return started.outcome(timedOut: timedOut)
  }

  /// Starts the program without waiting for it.
  package func start() throws(LiveFailure) -> StartedCommand {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.standardInput = FileHandle.nullDevice
    let folder = try temporaryFolder(named: "command")
    do {
      for name in ["out", "err"] {
        try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/out"))
      process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/err"))
      try withUnblockedSignals { try process.run() }
    } catch {
      throw .cannotStart(path: path, reason: "\(error)")
    }
    return StartedCommand(process: process, folder: folder)
  }
}

/// Runs `body` with no signal blocked on this thread: the threads of Swift's pool block most of
/// them, and a child inherits that.
private func withUnblockedSignals(_ body: () throws -> Void) rethrows {
  var none = sigset_t()
  var before = sigset_t()
  unsafe sigemptyset(&none)
  unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
  try body()
}

/// A command that runs, and the folder that catches its output.
package final class StartedCommand {
  private let process: Process
  private let folder: String

  fileprivate init(process: Process, folder: String) {
    self.process = process
    self.folder = folder
  }

  package var pid: Int32 { process.processIdentifier }
  package var isRunning: Bool { process.isRunning }
  /// What it has written to standard output so far.
  package var output: String { contents(of: "\(folder)/out") }

  package func kill() { signal(.kill, to: pid) }

  fileprivate func outcome(timedOut: Bool) -> Command.Outcome {
    defer { removeFolder(folder) }
    let signalled = process.terminationReason == .uncaughtSignal
    return Command.Outcome(
      status: signalled ? 128 + process.terminationStatus : process.terminationStatus,
      output: output, errors: contents(of: "\(folder)/err"), timedOut: timedOut)
  }
}

/// Why the surroundings of a live test failed; what is tested fails by expectations.
package enum LiveFailure: Error, Hashable, Sendable {
  case cannotStart(path: String, reason: String)
  case cannotBuild(fixture: String, log: String)
  case cannotPrepare(path: String, reason: String)
  case unreadableReport(text: String, reason: String)
}
