import CSocket
import Glibc

/// A descriptor that is readable once it was signalled, until it is drained (eventfd(2)).
package final class Wakeup: Sendable {
  private let event: Descriptor

  package init() throws(TalkFailure) {
    let raw = cs_event()
    guard raw >= 0 else { throw .system(operation: .signal, path: "eventfd", code: -raw) }
    event = Descriptor(owning: raw)
  }

  package var descriptor: Int32 { event.rawValue }

  package func signal() { cs_event_signal(event.rawValue) }

  /// Blocks until it is signalled, or until the time is over.
  package func wait(atMost timeout: Duration) {
    var ready: Int16 = 0
    var other: Int16 = 0
    _ = unsafe cs_poll(
      event.rawValue, Int16(POLLIN), &ready, -1, &other, timeout.wholeMilliseconds)
  }

  package func drain() { cs_event_drain(event.rawValue) }
}
