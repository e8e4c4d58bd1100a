import FoundationEssentials
import Glibc

/// This machine: one runtime directory's programs.
package struct LocalHost: ProgramsHost {
  /// How long a pup that is just ending, or just beginning, is tried again.
  private static let settling = Duration.seconds(3)
  /// How long one pup may keep a status waiting.
  private static let statusTimeout = Duration.seconds(3)
  /// The most that one piece of a log holds, in bytes.
  private static let logPiece = 256 << 10

  package let mapper: MapperClient
  private let directory: RuntimeDirectory

  package init(_ directory: RuntimeDirectory) {
    self.directory = directory
    mapper = MapperClient(directory)
  }

  // MARK: - Programs

  package func connect(to name: String) throws(ServiceFailure) -> VarlinkClient {
    try connect(to: name, connecting: true, from: nil)
  }

  package func release(_ client: consuming VarlinkClient) {}

  /// The same for a user who comes from another host, or for one who was announced already.
  func connect(
    to name: String, connecting: Bool, from other: String?
  ) throws(ServiceFailure) -> VarlinkClient {
    let deadline = ContinuousClock.now + Self.settling
    while true {
      let record = try liveRecord(of: name, connecting: connecting, from: other)
      do throws(TalkFailure) {
        return try VarlinkClient(path: record.endpoint)
      } catch {
        guard error.meansNobodyListens, ContinuousClock.now < deadline else {
          throw error.asServiceFailure
        }
      }
      usleep(20_000)
    }
  }

  /// The record of a program that has a pup.
  func liveRecord(
    of name: String, connecting: Bool, from other: String?
  ) throws(ServiceFailure) -> ProgramRecord {
    let record = try record(of: name, connecting: connecting, from: other)
    switch record.state {
    case .live: return record
    case .ended: throw .cannot("ended", "\(name) has ended")
    case .lost: throw .cannot("lost", "the pup of \(name) has died: ush attach \(name)")
    }
  }

  private func record(
    of name: String, connecting: Bool = false, from other: String? = nil
  ) throws(ServiceFailure) -> ProgramRecord {
    try talking { () throws(TalkFailure) in
      try mapper.resolve(name, connecting: connecting, from: other)
    }
  }

  package func status(of record: ProgramRecord) throws(ServiceFailure) -> StatusReport {
    let deadline = ContinuousClock.now + Self.settling
    var record = record
    while record.state == .live {
      do throws(TalkFailure) {
        var client = try VarlinkClient(path: record.endpoint)
        let answer: StatusAnswer = try client.call(
          "\(ProgramInterface.name).Status", timeout: Self.statusTimeout)
        return answer.status
      } catch {
        if case .timedOut = error { break }
        guard error.meansNobodyListens else { throw error.asServiceFailure }
      }
      // The pup is just ending, or has died: the mapper hears of it in a moment.
      record = try self.record(of: record.name)
      guard ContinuousClock.now < deadline else { break }
      usleep(10_000)
    }
    return record.lastKnownStatus
  }

  /// The same by name.
  func status(of name: String) throws(ServiceFailure) -> StatusReport {
    try status(of: try record(of: name))
  }

  // MARK: - Starting and ending

  package func start(
    _ name: String, _ command: [String]
  ) throws(ServiceFailure) -> StatusReport {
    let state = try talking { () throws(TalkFailure) in try StateDirectory() }
    let log = try talking { () throws(TalkFailure) in try state.newLog(of: name) }
    let outcome = try startPup(name, ["--log", log], command, state)
    guard let status = outcome.status else { throw .cannot("protocol", "the pup sent no status") }
    return status
  }

  package func attach(_ name: String, pid: Int?) throws(ServiceFailure) -> AttachReport {
    let known = try knownRecord(name)
    if let known, known.state == .live {
      throw .cannot("exists", "\(name) has a pup already (\(known.pup.pid))")
    }
    var arguments = ["--adopt"]
    if let pid {
      guard pid > 1, ProcessIdentity(pid: pid) != nil else {
        throw .cannot("ended", "there is no process \(pid)")
      }
      arguments.append(String(pid))
    } else {
      guard let known else { throw .noSuchProgram(name) }
      guard let target = known.target, target.isAlive else {
        throw .cannot("ended", "\(name) has ended")
      }
      arguments.append(String(target.pid))
    }
    if let log = known?.log, pid == nil || pid == known?.target?.pid {
      arguments += ["--log", log]
    }
    let state = try talking { () throws(TalkFailure) in try StateDirectory() }
    let outcome = try startPup(name, arguments, [], state)
    guard let attached = outcome.attached else {
      throw .cannot("protocol", "the pup sent no report")
    }
    return attached
  }

  private func knownRecord(_ name: String) throws(ServiceFailure) -> ProgramRecord? {
    do throws(ServiceFailure) {
      return try record(of: name)
    } catch {
      guard error.exit == .noSuchProgram else { throw error }
      return nil
    }
  }

  private func startPup(
    _ name: String, _ options: [String], _ command: [String], _ state: StateDirectory
  ) throws(ServiceFailure) -> StartOutcome {
    let pipe = try talking { () throws(TalkFailure) in try ReportPipe() }
    try talking { () throws(TalkFailure) in
      let words =
        [name, "--detached", "--report-fd", "3"] + options + (command.isEmpty ? [] : ["--"])
        + command
      try DetachedProcess.start(
        try DetachedProcess.sibling("pup"), words, output: try state.pupLog(of: name),
        passing: pipe.writeEnd)
    }
    return try pipe.outcome()
  }

  /// Without a pup the signals are ours to send, to the process that was the target and no other.
  package func end(_ name: String, seconds: Double) throws(ServiceFailure) -> StatusReport {
    if let target = try record(of: name).target {
      try talking { () throws(TalkFailure) in
        guard try target.signal(SIGTERM), !target.waitForEnd(.seconds(seconds)) else { return }
        guard try target.signal(SIGKILL) else { return }
        _ = target.waitForEnd(.seconds(5))
      }
      guard !target.isAlive else {
        throw .cannot("still-running", "process \(target.pid) does not end")
      }
    }
    let settled = try talking { () throws(TalkFailure) in try mapper.settle(name) }
    return settled.lastKnownStatus
  }

  package func waitForEnd(of record: ProgramRecord) throws(ServiceFailure) {
    _ = record.pup.waitForEnd(.seconds(5))
  }

  // MARK: - Files

  package func log(of name: String, from offset: Int) throws(ServiceFailure) -> LogPiece {
    let record = try record(of: name)
    var known = record.log
    if known == nil, record.state == .live { known = try status(of: record).target.log }
    guard let log = known else {
      throw .cannot("no-log", "the output of \(name) goes to its own terminal or service manager")
    }
    let hasEnded = !record.isTargetAlive
    let raw = unsafe open(log, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw .cannot("no-log", "\(log): \(errorText(errno))") }
    let file = Descriptor(owning: raw)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.logPiece) { space, count in
      count = max(
        0, unsafe pread(file.rawValue, space.baseAddress, Self.logPiece, off_t(max(0, offset))))
    }
    return LogPiece(log: log, bytes: bytes, hasEnded: hasEnded)
  }

  package func place(_ files: FileSet) throws(ServiceFailure) -> [String] { files.paths }
}

/// A pup's reply to `Status`, `Run` and `Stop`.
struct StatusAnswer: Codable, Sendable { var status: StatusReport }

/// Runs `body`, with a failure to talk as the failure of a command.
package func talking<Value: ~Copyable>(
  _ body: () throws(TalkFailure) -> Value
) throws(ServiceFailure) -> Value {
  do throws(TalkFailure) {
    return try body()
  } catch {
    throw error.asServiceFailure
  }
}
