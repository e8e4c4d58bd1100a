import Glibc

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
    _ path: String, _ arguments: [String], environment: [String: String] = Surroundings.environment,
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
    let folder = try temporaryFolder(named: "command")
    let (pid, code) = spawn(catchingOutputIn: folder)
    guard code == 0 else {
      removeFolder(folder)
      throw .cannotStart(path: path, reason: "errno \(code)")
    }
    return StartedCommand(pid: pid, folder: folder)
  }

  /// posix_spawn(3) without blocked signals: the threads of Swift's pool block most of them, which
  /// a child would inherit.
  ///
  /// The directory is env(1)'s business, which then becomes the program.
  private func spawn(catchingOutputIn folder: String) -> (pid: pid_t, code: Int32) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var signals = sigset_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    unsafe sigemptyset(&signals)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    let creates = O_WRONLY | O_CREAT | O_APPEND
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/out", creates, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/err", creates, 0o600)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let env = "/usr/bin/env"
    var words = unsafe ([env, "-C", directory, path] + arguments).map { unsafe strdup($0) } + [nil]
    var settings = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
    defer { unsafe (words + settings).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, env, &actions, &attributes, &words, &settings)
    return (pid, code)
  }
}

/// A command that runs, and the folder that catches its output.
package final class StartedCommand {
  package let pid: Int32
  private let folder: String
  private var status: Int32?

  fileprivate init(pid: Int32, folder: String) {
    self.pid = pid
    self.folder = folder
  }

  deinit {
    if isRunning { kill() }
    removeFolder(folder)
  }

  /// Whether it has not ended yet.
  package var isRunning: Bool {
    guard status == nil else { return false }
    var raw: Int32 = 0
    guard unsafe waitpid(pid, &raw, WNOHANG) == pid else { return true }
    let signal = raw & 0x7f
    status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
    return false
  }

  /// What it has written to standard output so far.
  package var output: String { contents(of: "\(folder)/out") }

  /// What it has written to standard error so far.
  package var errors: String { contents(of: "\(folder)/err") }

  package func kill() { signal(.kill, to: pid) }

  package func outcome(timedOut: Bool) -> Command.Outcome {
    Command.Outcome(
      status: status ?? -1, output: output, errors: contents(of: "\(folder)/err"),
      timedOut: timedOut)
  }
}

/// Why the surroundings of a live test failed; what is tested fails by expectations.
package enum LiveFailure: Error, Hashable, Sendable {
  case cannotStart(path: String, reason: String)
  case cannotBuild(fixture: String, log: String)
  case cannotPrepare(path: String, reason: String)
  case unreadableReport(text: String, reason: String)
}
