import Synchronization

/// Exit statuses that the tracer saw on its way, for whoever waits for the process.
package enum ExitStatuses {
  private static let seen = Mutex<[Int32: Int32]>([:])

  static func note(_ pid: Int32, _ status: Int32) { seen.withLock { $0[pid] = status } }

  /// The wait status of a process that the tracer has reaped, once.
  package static func take(_ pid: Int32) -> Int32? { seen.withLock { $0.removeValue(forKey: pid) } }
}
