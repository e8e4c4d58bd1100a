import Glibc
import Synchronization

/// Makes a program's service reachable under its name for as long as the pup has a target.
///
/// Register with the mapper, serve the socket, begin, and end with the target.
package final class ProgramHost: Sendable {
  /// What the pup begins with.
  package enum Start: Sendable {
    /// Waits for `Load` and `Run`.
    case idle
    case run(RunRequest)
    case adopt(AttachRequest)
  }

  /// How the host is to run.
  package struct Settings: Sendable {
    package var name: String
    package var start: Start
    /// Started by `ush run` or `ush attach`: signals end the pup, not the target.
    package var isDetached: Bool
    /// Where whoever started the pup learns how the start went, closed afterwards; -1 for nowhere.
    package var reportDescriptor: Int32
    /// Takes the events that the pup itself shows.
    package var onEvent: @Sendable (ProgramEvent) -> Void

    package init(
      name: String, start: Start, isDetached: Bool = false, reportDescriptor: Int32 = -1,
      onEvent: @escaping @Sendable (ProgramEvent) -> Void = { _ in }
    ) {
      self.name = name
      self.start = start
      self.isDetached = isDetached
      self.reportDescriptor = reportDescriptor
      self.onEvent = onEvent
    }
  }

  private enum Happening: Sendable {
    case event(ProgramEvent)
    case eventsEnded
    case signal(Int32)
  }

  private let settings: Settings
  private let directory: RuntimeDirectory
  private let service: any ProgramService

  package init(
    _ settings: Settings, in directory: RuntimeDirectory, service: any ProgramService
  ) {
    self.settings = settings
    self.directory = directory
    self.service = service
  }

  /// Runs until the target has ended or a signal came; the target's exit status, if it is known.
  ///
  /// - Throws: when the name is taken or the target could not be started; that was also reported to
  ///   `reportDescriptor`.
  package func run() async throws(ServiceFailure) -> Int? {
    let report = StartReport(settings.reportDescriptor)
    do throws(ServiceFailure) {
      return try await serve(report)
    } catch {
      report.failed(error)
      throw error
    }
  }

  // MARK: - The spine

  private func serve(_ report: StartReport) async throws(ServiceFailure) -> Int? {
    try ProgramRecord.check(settings.name)
    let endpoint = directory.socket(of: settings.name)
    let temporary = directory.socket(of: ".\(settings.name).\(getpid())")
    unsafe unlink(temporary)
    let signals = try talking { () throws(TalkFailure) in
      try SignalSource([SIGTERM, SIGINT, SIGHUP])
    }
    let server = try talking { () throws(TalkFailure) in
      try VarlinkServer(path: temporary, service: service)
    }
    defer { server.stop() }
    // The first user may be told of as soon as the name is known.
    let happenings = try await watch(signals)
    let registration: Registration
    do throws(ServiceFailure) {
      registration = try register(endpoint)
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    // The name is ours: what lies at the endpoint is a dead pup's socket.
    unsafe rename(temporary, endpoint)
    defer { settle(server, endpoint, registration) }
    try talking { () throws(TalkFailure) in try server.start() }
    report.succeeded(try await begin(registration))
    return await follow(happenings, registration)
  }

  private func register(_ endpoint: String) throws(ServiceFailure) -> Registration {
    guard let own = ProcessIdentity.own else {
      throw .cannot("system", "/proc cannot be read")
    }
    var record = ProgramRecord(
      name: settings.name, pup: own, endpoint: endpoint, uid: geteuid())
    var isAdopting = false
    if case .adopt(let request) = settings.start {
      isAdopting = true
      record.target = ProcessIdentity(pid: request.pid)
      record.log = request.log
    }
    let name = settings.name
    let service = service
    return try talking { () throws(TalkFailure) in
      try Registration(record, adopting: isAdopting, in: directory) { alert in
        service.announce(alert.event(of: name))
      }
    }
  }

  private func watch(_ signals: SignalSource) async throws(ServiceFailure)
    -> AsyncStream<Happening>
  {
    let (happenings, continuation) = AsyncStream.makeStream(of: Happening.self)
    let events = try await service.watch(WatchRequest())
    Task {
      for await event in events { continuation.yield(.event(event)) }
      continuation.yield(.eventsEnded)
    }
    try talking { () throws(TalkFailure) in
      try onNewThread {
        while let signal = signals.next() { continuation.yield(.signal(signal)) }
      }
    }
    return happenings
  }

  private func begin(_ registration: Registration) async throws(ServiceFailure) -> StartOutcome {
    switch settings.start {
    case .idle: return StartOutcome(status: try await service.status())
    case .run(let request):
      let status = try await service.run(request)
      registration.take(status)
      return StartOutcome(status: status)
    case .adopt(let request):
      let attached = try await service.attach(request)
      registration.take(attached.status)
      return StartOutcome(status: attached.status, attached: attached)
    }
  }

  private func follow(
    _ happenings: AsyncStream<Happening>, _ registration: Registration
  ) async -> Int? {
    for await happening in happenings {
      switch happening {
      case .event(let event):
        settings.onEvent(event)
        guard event.changesStatus else { continue }
        let status = try? await service.status()
        if let status { registration.take(status) }
        if event.kind == .exited { return event.exit ?? status?.target.exit }
      case .eventsEnded:
        let status = try? await service.status()
        if let status { registration.take(status) }
        return status?.target.exit
      case .signal(let signal):
        guard pass(signal, to: registration.record.target) else { return nil }
      }
    }
    return nil
  }

  /// Whether the pup goes on: in the foreground the target gets the signal, and ends or not.
  private func pass(_ signal: Int32, to target: ProcessIdentity?) -> Bool {
    guard !settings.isDetached, let target, target.isAlive else { return false }
    // A terminal's Ctrl-C has reached the target already: it is in the same process group.
    let isFromTerminal = signal == SIGINT && isatty(0) == 1
    if !isFromTerminal { _ = try? target.signal(signal) }
    return true
  }

  /// Lets calls under way finish, then gives the name back; the socket goes before the name does.
  private func settle(
    _ server: VarlinkServer, _ endpoint: String, _ registration: Registration
  ) {
    server.stop()
    let deadline = ContinuousClock.now + .seconds(2)
    while server.connectionCount > 0, ContinuousClock.now < deadline { usleep(2_000) }
    unsafe unlink(endpoint)
    registration.end()
  }
}

extension ProgramEvent {
  /// Whether the mapper's record differs after it.
  fileprivate var changesStatus: Bool {
    switch kind {
    case .started, .completed, .undone, .accepted, .exited: true
    default: false
    }
  }
}

extension Registration {
  /// Tells the mapper what `status` says.
  fileprivate func take(_ status: StatusReport) {
    note { record in
      if let pid = status.target.pid, pid != record.target?.pid {
        record.target = ProcessIdentity(pid: pid) ?? ProcessIdentity(ended: pid)
      }
      record.exit = status.target.exit
      record.log = status.target.log
      record.version = status.version
    }
  }
}
