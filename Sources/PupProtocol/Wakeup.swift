import CSocket

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

  package func drain() { cs_event_drain(event.rawValue) }
}
