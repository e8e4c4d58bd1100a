import Synchronization

/// Hands each event of a program to every watcher, and never waits for one.
///
/// Events are numbered here. A watcher that falls more than `backlog` events behind misses the
/// oldest ones. Any thread may send.
package final class EventBroadcast: Sendable {
  private struct State {
    var sequence = 0
    var nextKey = 0
    var isFinished = false
    var watchers: [Int: AsyncStream<ProgramEvent>.Continuation] = [:]
  }

  private let state = Mutex(State())
  private let backlog: Int

  /// A broadcast without watchers; `backlog` is a count of events for each watcher.
  package init(backlog: Int = 1024) { self.backlog = backlog }

  /// How many watch now.
  package var watcherCount: Int { state.withLock { $0.watchers.count } }

  /// Numbers `event` and gives it to all watchers.
  package func send(_ event: ProgramEvent) {
    state.withLock { state in
      state.sequence += 1
      var event = event
      event.sequence = state.sequence
      for watcher in state.watchers.values { watcher.yield(event) }
    }
  }

  /// The events from now on, until `finish` or until the reader's task is cancelled.
  package func subscribe() -> AsyncStream<ProgramEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: ProgramEvent.self, bufferingPolicy: .bufferingNewest(backlog))
    let key: Int? = state.withLock { state in
      guard !state.isFinished else { return nil }
      state.nextKey += 1
      state.watchers[state.nextKey] = continuation
      return state.nextKey
    }
    guard let key else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in self?.forget(key) }
    return stream
  }

  /// Ends every stream, those of later subscribers too.
  package func finish() {
    let watchers = state.withLock { state in
      state.isFinished = true
      defer { state.watchers = [:] }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.finish() }
  }

  private func forget(_ key: Int) {
    state.withLock { state in state.watchers[key] = nil }
  }
}
