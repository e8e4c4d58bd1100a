import Glibc
import PupProtocol
import Synchronization

/// A program service that starts any executable and plays updates by the name of the new version.
///
/// `…/done` is updated at once, `…/waits` waits until it is cancelled or `…/waits.go` exists,
/// `…/refused` is refused; anything else is unusable. For tests of talking, which need no engine.
final class ScriptedProgram: ProgramService {
  private struct State {
    var pid: Int32?
    var exit: Int?
    var log: String?
    var version = 1
    var pending: String?
    var updates = 0
    var last: UpdateReport?
  }

  private let name: String
  private let state = Mutex(State())
  private let events = EventBroadcast()

  init(name: String) { self.name = name }

  func load(_ request: LoadRequest) async throws(ServiceFailure) -> LoadReport {
    LoadReport(program: name, version: 1, build: "00", procedures: 0)
  }

  func run(_ request: RunRequest) async throws(ServiceFailure) -> StatusReport {
    guard let path = request.path else { throw .cannot("nothing-loaded", "nothing is loaded") }
    guard path != "/bin/false" else { throw .cannot("early-exit", "false ended before main") }
    let pid = try spawn(path, request)
    state.withLock {
      $0.pid = pid
      $0.log = request.log
    }
    events.send(
      ProgramEvent(program: name, kind: .started, pid: Int(pid), message: "\(name) started"))
    try? onNewThread { self.waitForEnd(pid) }
    return try await status()
  }

  func attach(_ request: AttachRequest) async throws(ServiceFailure) -> AttachReport {
    let pid = Int32(truncatingIfNeeded: request.pid)
    guard state.withLock({ $0.pid == nil }) else { throw .cannot("exists", "\(name) runs") }
    guard pid > 1, kill(pid, 0) == 0 else { throw .cannot("ended", "process \(pid) has ended") }
    state.withLock {
      $0.pid = pid
      $0.log = request.log
    }
    try? onNewThread {
      while kill(pid, 0) == 0 { usleep(10_000) }
      self.ended(nil)
    }
    return AttachReport(pending: .none, status: try await status())
  }

  func update(_ request: UpdateRequest) async throws(ServiceFailure) -> UpdateReport {
    let word = splitPath(request.path ?? "").name
    guard ["done", "waits", "refused", "flood"].contains(word) else {
      throw .malformed("unprepared", "\(word) is not a prepared program")
    }
    if word == "flood" {
      for number in 1...10_000 {
        events.send(ProgramEvent(program: name, kind: .data, message: "event \(number) of many"))
      }
    }
    let report = state.withLock { state in
      var report = UpdateReport(
        program: name, result: .updated, from: state.version, to: state.version)
      guard word != "refused" else {
        report.result = .refused
        report.reason = "main refers to counter, which has new storage"
        return report
      }
      state.updates += 1
      report.id = state.updates
      report.to += 1
      report.changed = ["f"]
      if word == "waits" {
        report.result = .waiting
        report.waiting = [WaitingProcedure(procedure: "f", tid: 7, frame: "g+0x10")]
        report.reason = "f is held by thread 7"
        state.pending = request.path
      } else {
        report.updated = ["f"]
        report.pausesMicroseconds = [40]
        state.version += 1
      }
      state.last = report
      return report
    }
    guard report.result == .waiting else { return report }
    events.send(
      ProgramEvent(
        program: name, kind: .waiting, update: report.id, waiting: report.waiting,
        message: "f waits"))
    return await outcome(within: request.waitSeconds ?? UpdateRequest.defaultWaitSeconds) ?? report
  }

  func wait(_ request: WaitRequest) async throws(ServiceFailure) -> UpdateReport {
    if let done = await outcome(within: request.seconds ?? 1e6) { return done }
    return state.withLock { $0.last }
      ?? UpdateReport(program: name, result: .already, from: 1, to: 1)
  }

  func cancel(_ request: CancelRequest) async throws(ServiceFailure) -> UpdateReport {
    let undone: UpdateReport? = state.withLock { state in
      guard state.pending != nil, var report = state.last else { return nil }
      report.result = .undone
      report.waiting = []
      state.pending = nil
      state.last = report
      return report
    }
    guard let undone else { throw .cannot("nothing-pending", "\(name) has no pending update") }
    return undone
  }

  func status() async throws(ServiceFailure) -> StatusReport {
    state.withLock { state in
      StatusReport(
        program: name,
        state: state.pid == nil
          ? .loaded : state.exit != nil ? .exited : state.pending != nil ? .updating : .running,
        version: state.version,
        target: TargetStatus(
          pid: state.pid.map(Int.init), exit: state.exit, log: state.log),
        pup: PupStatus(pid: Int(getpid())))
    }
  }

  func stop(_ request: StopRequest) async throws(ServiceFailure) -> StatusReport {
    if let pid = state.withLock({ $0.exit == nil ? $0.pid : nil }), pid > 1 {
      kill(pid, SIGTERM)
      var left = Int(request.seconds * 100)
      while state.withLock({ $0.exit == nil }) {
        if left == 0 { kill(pid, SIGKILL) }
        left -= 1
        try? await Task.sleep(for: .milliseconds(10))
      }
    }
    return try await status()
  }

  func watch(_ request: WatchRequest) async throws(ServiceFailure) -> AsyncStream<ProgramEvent> {
    events.subscribe()
  }

  func announce(_ event: ProgramEvent) { events.send(event) }

  /// The pending update's report once it is over, or `nil` when the time is.
  private func outcome(within seconds: Double) async -> UpdateReport? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !Task.isCancelled {
      let (pending, last) = state.withLock { ($0.pending, $0.last) }
      guard let pending else { return last }
      if unsafe access(pending + ".go", F_OK) == 0 {
        state.withLock { state in
          state.pending = nil
          state.version += 1
          state.last?.result = .updated
          state.last?.updated = ["f"]
          state.last?.waiting = []
        }
        continue
      }
      guard ContinuousClock.now < deadline else { return nil }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return nil
  }
}

extension ScriptedProgram {
  private func spawn(_ path: String, _ request: RunRequest) throws(ServiceFailure) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if let log = request.log {
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      unsafe posix_spawn_file_actions_addopen(
        &actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
      unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    let words = request.arguments.isEmpty ? [path] : request.arguments
    var argv = unsafe words.map { unsafe strdup($0) }
    unsafe argv.append(nil)
    defer { unsafe argv.forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, path, &actions, nil, argv, environ)
    guard code == 0 else {
      throw .cannot("exec", "cannot execute \(path): \(errorText(code))")
    }
    return pid
  }

  private func waitForEnd(_ pid: Int32) {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    ended(Int(signal == 0 ? (status >> 8) & 0xff : 128 + signal))
  }

  private func ended(_ exit: Int?) {
    state.withLock { $0.exit = exit ?? -1 }
    events.send(
      ProgramEvent(program: name, kind: .exited, exit: exit, message: "\(name) ended"))
    events.finish()
  }
}
