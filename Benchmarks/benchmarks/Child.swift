import Foundation
import Glibc

/// A program that is run to its end, with what it used.
struct Child: Sendable {
  var words: [String]
  /// Beside those that we have ourselves.
  var environment: [String: String] = [:]
  var directory: String?
  var input = "/dev/null"
  var output = "/dev/null"

  init(_ words: String...) { self.words = words }

  init(_ words: [String]) { self.words = words }

  /// What a program and the children that it waited for used, in seconds; from wait4(2).
  struct Usage: Sendable {
    var user: Double
    var system: Double
    var wall: Double
    var maximumResidentByteCount: Int
    var errors: String

    var processor: Double { user + system }
  }

  /// Runs it; anything but status 0 is a failure, with what it wrote to standard error.
  @discardableResult
  func run() throws(BenchmarkFailure) -> Usage {
    let log = Self.temporary("err")
    defer { unsafe unlink(log) }
    let start = ContinuousClock.now
    let pid = try spawn(errors: log)
    var status: Int32 = 0
    var used = rusage()
    while unsafe wait4(pid, &status, 0, &used) == -1 {
      guard errno == EINTR else { throw .cannotStart(path: words[0], code: errno) }
    }
    let wall = (ContinuousClock.now - start) / .seconds(1)
    let errors = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    let signal = status & 0x7f
    let result = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    guard result == 0 else {
      throw .failed(
        command: words.joined(separator: " "), status: result, errors: String(errors.suffix(2000)))
    }
    return Usage(
      user: Self.seconds(used.ru_utime), system: Self.seconds(used.ru_stime), wall: wall,
      maximumResidentByteCount: used.ru_maxrss * 1024, errors: errors)
  }

  /// Runs it and returns what it wrote to standard output.
  func text() throws(BenchmarkFailure) -> String {
    var copy = self
    copy.output = Self.temporary("out")
    defer { unsafe unlink(copy.output) }
    try copy.run()
    return (try? String(contentsOfFile: copy.output, encoding: .utf8)) ?? ""
  }

  /// A file of its own for each child, since several may run at once.
  private static func temporary(_ suffix: String) -> String {
    "/tmp/pup-benchmarks-\(getpid())-\(UInt32.random(in: .min ... .max)).\(suffix)"
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// posix_spawnp(3), with no signal blocked.
  ///
  /// A directory is the business of env(1), which then becomes the program.
  private func spawn(errors: String) throws(BenchmarkFailure) -> pid_t {
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
    let creates = O_WRONLY | O_CREAT | O_TRUNC
    unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, creates, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, creates, 0o600)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let all = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    let started = (directory.map { ["env", "-C", $0] } ?? []) + words
    var arguments = unsafe started.map { unsafe strdup($0) } + [nil]
    var settings = unsafe all.map { unsafe strdup("\($0)=\($1)") } + [nil]
    defer { unsafe (arguments + settings).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawnp(&pid, started[0], &actions, &attributes, &arguments, &settings)
    guard code == 0 else { throw .cannotStart(path: words[0], code: code) }
    return pid
  }
}
