import CPtrace
import Glibc
package import VersionSpace

/// Wakes when a thread reaches an address, and leaves the process alone otherwise.
///
/// perf_event execute breakpoints, one for each watched thread: the thread is not stopped and gets no
/// signal, and the breakpoints vanish with their descriptors, also when we die. Waiting blocks a
/// kernel thread of its own. A breakpoint is needed only for threads that are known to come.
package actor GateWatch {
  private let thread: TracerThread
  private nonisolated let breakpoints: Breakpoints

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  /// Watches `threads` for their arrival at `address`; those that have ended count as watched.
  ///
  /// - Returns: `nil` where it is not permitted or the processor has no breakpoint left: then the
  ///   caller has to look for itself from time to time.
  package init?(threads: some Sequence<Int32>, at address: TraceeAddress) {
    guard let breakpoints = Breakpoints(threads: Set(threads), at: address) else { return nil }
    self.breakpoints = breakpoints
    thread = TracerThread(named: "gate-watch")
  }

  /// Waits until a watched thread has come since the last time, `wake` was called, or `limit` is over.
  ///
  /// - Returns: whether a thread has come.
  package func arrival(within limit: Duration) -> Bool { breakpoints.wait(limit) }

  /// Ends an `arrival(within:)` that waits, or else the next one.
  package nonisolated func wake() { breakpoints.wake() }
}

/// What is polled.
///
/// Never changed; the rings are touched only on the watch's kernel thread.
private final class Breakpoints: Sendable {
  private let open: [Breakpoint]
  private let waker: Int32

  init?(threads: Set<Int32>, at address: TraceeAddress) {
    var open: [Breakpoint] = []
    for tid in threads.sorted() {
      do throws(TraceeFailure) {
        open.append(try Breakpoint(of: tid, at: address))
      } catch .gone {
        continue
      } catch {
        return nil
      }
    }
    self.open = open
    waker = cs_eventfd()
    guard waker >= 0 else { return nil }
  }

  deinit { if waker >= 0 { close(waker) } }

  func wake() {
    var one: UInt64 = 1
    _ = unsafe write(waker, &one, 8)
  }

  func wait(_ limit: Duration) -> Bool {
    var polled = ([waker] + open.map(\.descriptor)).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
      let milliseconds = Int32(clamping: ((end - clock.now).microseconds + 999) / 1000)
      guard unsafe poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { continue }
      var hasArrived = false
      for (index, found) in polled.enumerated() where found.revents != 0 {
        if index > 0, found.revents & Int16(POLLIN) != 0 {
          open[index - 1].clear()
          hasArrived = true
        }
        // A thread that has ended hangs up for ever.
        if found.revents & Int16(POLLHUP) != 0 { polled[index].fd = -1 }
      }
      var count: UInt64 = 0
      if unsafe read(waker, &count, 8) == 8 || hasArrived { return hasArrived }
    }
    return false
  }
}

/// One perf_event execute breakpoint with its ring, without which poll(2) would not wake.
@safe private final class Breakpoint: @unchecked Sendable {
  let descriptor: Int32
  private let ring: UnsafeMutableRawPointer

  init(of tid: Int32, at address: TraceeAddress) throws(TraceeFailure) {
    var mapped: UnsafeMutableRawPointer?
    let opened = unsafe cs_watch_open(tid, address.rawValue, &mapped)
    try check(.perf, tid, opened)
    guard let mapped = unsafe mapped else { throw .system(operation: .perf, code: ENOMEM) }
    descriptor = opened
    unsafe ring = mapped
  }

  deinit { unsafe cs_watch_close(descriptor, ring) }

  /// Forgets the hits so far.
  func clear() { unsafe cs_watch_clear(ring) }
}
