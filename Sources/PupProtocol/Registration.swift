import CSocket
import Glibc
import Synchronization

/// A pup's entry with the mapper, kept up for as long as the pup lives, over restarts of the mapper.
package final class Registration: Sendable {
  private struct State {
    var record: ProgramRecord
    var adopting: Bool
    var isEnded = false
  }

  private static let retryMicroseconds: useconds_t = 200_000
  /// How often the first attempt is made, since a mapper may be about to end just then.
  private static let firstAttempts = 10

  private let mapper: MapperClient
  private let state: Mutex<State>
  private let onAlert: @Sendable (UserAlert) -> Void

  /// Takes the name; blocks until the mapper has answered.
  ///
  /// `onAlert` is called on a thread of the registration.
  /// - Throws: `.refused` with code `exists` if a live program has the name.
  package init(
    _ record: ProgramRecord, adopting: Bool, in directory: RuntimeDirectory,
    onAlert: @escaping @Sendable (UserAlert) -> Void
  ) throws(TalkFailure) {
    mapper = MapperClient(directory)
    state = Mutex(State(record: record, adopting: adopting))
    self.onAlert = onAlert
    let first = try Answer()
    try onNewThread { self.keepUp(first) }
    if let failure = first.wait() { throw failure }
  }

  /// Tells the mapper what is new; a mapper that is gone learns it when it is back.
  package func note(_ change: (inout ProgramRecord) -> Void) {
    let record = state.withLock { state in
      change(&state.record)
      return state.record
    }
    try? mapper.note(record)
  }

  /// Ends the entry; the record of a program that ran stays with the mapper.
  package func end() {
    let record: ProgramRecord? = state.withLock { state in
      guard !state.isEnded else { return nil }
      state.isEnded = true
      state.record.state = .ended
      return state.record
    }
    if let record { try? mapper.deregister(record) }
  }

  /// The record as last told.
  package var record: ProgramRecord { state.withLock { $0.record } }

  /// Registers, and again whenever the mapper has gone away.
  private func keepUp(_ first: Answer) {
    var attempts = 0
    while true {
      let (record, adopting, isEnded) = state.withLock {
        ($0.record, $0.adopting, $0.isEnded)
      }
      if isEnded { return }
      do throws(TalkFailure) {
        try registerOnce(record, adopting, first)
      } catch {
        attempts += 1
        if case .refused = error {
          _ = first.give(error)
          return
        }
        let mayGoOn = error.meansNobodyListens && attempts < Self.firstAttempts
        if !mayGoOn, first.give(error) { return }
      }
      usleep(Self.retryMicroseconds)
    }
  }

  private func registerOnce(
    _ record: ProgramRecord, _ adopting: Bool, _ first: Answer
  ) throws(TalkFailure) {
    var client = try mapper.ensureRunning()
    let message = MapperMessages.Record(program: record, adopting: adopting ? true : nil)
    try client.stream(
      "\(MapperMessages.interface).Register", message, as: MapperMessages.Registered.self
    ) { reply in
      if let alert = reply?.alert {
        onAlert(alert)
      } else {
        _ = first.give(nil)
        tellChanges(since: record)
      }
      return true
    }
  }
}

extension Registration {
  /// Tells the mapper what was noted while it was away, or while `record` was on its way to it.
  private func tellChanges(since record: ProgramRecord) {
    let now = state.withLock { $0.record }
    if now != record, now.state == .live { try? mapper.note(now) }
  }
}

/// The outcome of the first attempt, given once and waited for once.
private final class Answer: Sendable {
  private let failure = Mutex<TalkFailure??>(nil)
  private let event: SharedEvent

  init() throws(TalkFailure) {
    guard let event = SharedEvent() else {
      throw .system(operation: .connect, path: "event", code: errno)
    }
    self.event = event
  }

  /// Whether this was the first outcome.
  func give(_ outcome: TalkFailure?) -> Bool {
    let isFirst = failure.withLock { failure in
      guard failure == nil else { return false }
      failure = .some(outcome)
      return true
    }
    if isFirst { event.signal() }
    return isFirst
  }

  /// Blocks until there is an outcome; `nil` is success.
  func wait() -> TalkFailure? {
    event.wait()
    return failure.withLock { $0.flatMap { $0 } }
  }
}
