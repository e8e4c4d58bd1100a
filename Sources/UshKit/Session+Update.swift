import Glibc
package import PupProtocol

extension Session {
  /// What `ush update NAME WHAT` is to ask for, told apart by what WHAT holds.
  ///
  /// A file that begins like an executable, or holds bytes that no text has, is an executable or
  /// bundle; other text is a changes file; a number that is no file is a loaded version.
  /// - Throws: `malformed` if WHAT or `changes` cannot be read.
  package func updateRequest(
    _ what: String, changes: String?, noGroups: Bool, waitSeconds: Double?
  ) throws(ServiceFailure) -> UpdateRequest {
    var request = UpdateRequest(noGroups: noGroups, waitSeconds: waitSeconds)
    if let changes { request.changes = try readable(changes) }
    if unsafe access(what, F_OK) != 0, let version = Int(what) {
      request.version = version
      return request
    }
    let path = try readable(what)
    if isText(path) {
      guard changes == nil else {
        throw .malformed("two-changes-files", "\(what) and \(changes ?? "") are both changes files")
      }
      request.changes = path
    } else {
      request.path = path
    }
    return request
  }

  private func readable(_ path: String) throws(ServiceFailure) -> String {
    let whole = absolutePath(path)
    var directory = stat()
    guard unsafe stat(whole, &directory) == 0, unsafe access(whole, R_OK) == 0 else {
      throw .malformed("missing-file", "\(path): \(errorText(errno))")
    }
    guard directory.st_mode & S_IFMT == S_IFREG else {
      throw .malformed("not-a-file", "\(path) is no regular file")
    }
    return whole
  }

  private func isText(_ path: String) -> Bool {
    guard let bytes = readFile(path, limit: 64 << 10), !bytes.isEmpty else { return false }
    let hasControls = bytes.contains { $0 < 9 || (14..<32).contains($0) || $0 == 127 }
    return !hasControls
  }

  /// Updates and follows until the report; Ctrl-C leaves the view, not the update.
  ///
  /// - Parameters:
  ///   - name: the program's.
  ///   - request: what is wanted.
  ///   - onEvent: told what happens, instead of a progress line.
  /// - Returns: the report.
  /// - Throws: what the pup refuses to report on.
  package func update(
    _ name: String, _ request: UpdateRequest, onEvent: ((ProgramEvent) -> Void)? = nil
  ) throws(ServiceFailure) -> UpdateReport {
    try follow("Update", of: name, try site(of: name).placed(request), onEvent)
  }

  /// Waits for an update that is pending.
  package func wait(_ name: String, seconds: Double?) throws(ServiceFailure) -> UpdateReport {
    try follow("Wait", of: name, WaitRequest(seconds: seconds))
  }

  /// Undoes a pending update; undone is what was asked for.
  package func cancel(_ name: String) throws(ServiceFailure) -> UpdateReport {
    let answer: Answers.Outcome = try call("Cancel", of: name, CancelRequest())
    guard let report = answer.report else { throw .cannot("protocol", "the pup sent no report") }
    return try site(of: name).shown(report)
  }

  private func follow(
    _ method: String, of name: String, _ request: some Encodable,
    _ onEvent: ((ProgramEvent) -> Void)? = nil
  ) throws(ServiceFailure) -> UpdateReport {
    let site = try site(of: name)
    var progress = UpdateProgress(console: console)
    let showsProgress = console.showsProgress && onEvent == nil
    if showsProgress {
      progress.waiting = try site.status().pending.first?.waiting.first
    }
    var client = try site.connect()
    let signals = try Interruptions.forCommand()
    client.interruptDescriptor = signals.descriptor
    var report: UpdateReport?
    let failure: TalkFailure?
    do throws(TalkFailure) {
      try client.stream(
        "\(ProgramInterface.name).\(method)", request,
        more: showsProgress || onEvent != nil,
        tick: showsProgress ? .milliseconds(500) : nil, as: Answers.Outcome.self
      ) { answer in
        if let event = answer?.event { onEvent?(event) }
        if showsProgress { progress.take(answer?.event) }
        report = answer?.report ?? report
        return true
      }
      failure = nil
    } catch {
      failure = error
    }
    console.clearProgress()
    if let failure { throw site.failure(failure) }
    client.interruptDescriptor = -1
    site.host.release(client)
    guard let report else { throw .cannot("protocol", "the pup sent no report") }
    return site.shown(report)
  }
}

extension Site {
  /// Why an update is followed no more, and that it goes on nevertheless.
  fileprivate func failure(_ failure: TalkFailure) -> ServiceFailure {
    let hint = "ush wait \(text), ush cancel \(text)"
    return switch failure {
    case .interrupted: .cannot("interrupted", "the update of \(text) goes on: \(hint)")
    case .host(let host, .lost):
      .cannot(
        "connection-lost", "the connection to \(host) was lost; an update goes on there: \(hint)")
    default: failure.asServiceFailure
    }
  }
}

/// The line that shows what an update waits for, once it takes longer than a second.
private struct UpdateProgress {
  let console: Console
  private let begin = ContinuousClock.now
  /// What the update waits for, as far as is known.
  var waiting: WaitingProcedure?

  init(console: Console) { self.console = console }

  /// Takes an event, or only that time has passed.
  mutating func take(_ event: ProgramEvent?) {
    if let now = event?.waiting { waiting = now.first }
    let seconds = (ContinuousClock.now - begin).components.seconds
    guard seconds >= 1 else { return }
    console.progress("\(waiting?.sentence ?? "updating") (\(seconds) s)")
  }
}
