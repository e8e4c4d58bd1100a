import CSocket
import Synchronization

/// The replies to one call, on their way from the task that makes them to the thread that sends them.
///
/// Sending never blocks; what a slow client has not taken is kept up to a limit.
package final class VarlinkReplies: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isFinished = false
    var isAbandoned = false
  }

  /// Bytes that may wait for a client; more means that it does not read.
  private static let limit = 16 << 20

  private let state = Mutex(State())
  private let isOneway: Bool
  let wakeUp: Descriptor

  init(isOneway: Bool, wakeUp: consuming Descriptor) {
    self.isOneway = isOneway
    self.wakeUp = wakeUp
  }

  /// Queues a reply; `continues` promises another one.
  ///
  /// - Returns: `false` when nobody is there to take it, so that a stream can end.
  @discardableResult
  package func send(_ parameters: some Encodable, continues: Bool = false) -> Bool {
    add(VarlinkEncoding.reply(parameters, continues: continues))
  }

  /// Queues an error, which ends the call.
  func fail(_ error: VarlinkError) { _ = add(VarlinkEncoding.reply(error)) }

  /// The handler has returned.
  func finish() {
    state.withLock { $0.isFinished = true }
    cs_event_signal(wakeUp.rawValue)
  }

  /// The client is gone; nothing is kept any more.
  func abandon() {
    state.withLock {
      $0.isAbandoned = true
      $0.bytes = []
    }
  }

  /// What is queued, and whether more may follow.
  func take() -> (bytes: [UInt8], isFinished: Bool, isOverfull: Bool) {
    state.withLock { state in
      let bytes = state.bytes
      state.bytes = []
      return (bytes, state.isFinished, state.isAbandoned)
    }
  }

  private func add(_ message: [UInt8]) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isAbandoned else { return false }
      guard !isOneway else { return true }
      state.bytes.append(contentsOf: message)
      if state.bytes.count > Self.limit {
        state.isAbandoned = true
        state.bytes = []
      }
      return !state.isAbandoned
    }
    cs_event_signal(wakeUp.rawValue)
    return isTaken
  }
}
