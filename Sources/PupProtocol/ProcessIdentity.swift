import CSocket
import Glibc

/// A process that cannot be mistaken for a later one of the same ID.
package struct ProcessIdentity: Codable, Hashable, Sendable {
  package let pid: Int
  /// When it started, in clock ticks since the machine did (field 22 of `/proc/PID/stat`).
  package let start: UInt64

  /// The process that has `pid` now; `nil` if none has, or if it has ended and is only a zombie.
  package init?(pid: Int) {
    guard let start = Self.start(of: pid) else { return nil }
    self.pid = pid
    self.start = start
  }

  /// A process that has ended, so that nobody knows any more when it started.
  package init(ended pid: Int) {
    self.pid = pid
    start = 0
  }

  /// This very process.
  package static var own: ProcessIdentity? { ProcessIdentity(pid: Int(getpid())) }

  /// Whether it still runs.
  package var isAlive: Bool { Self.start(of: pid) == start }

  /// Sends `signal`; `false` if the process has ended.
  ///
  /// - Throws: `.system` if it may not be signalled.
  package func signal(_ signal: Int32) throws(TalkFailure) -> Bool {
    guard pid > 1 else { throw .system(operation: .signal, path: "process \(pid)", code: EPERM) }
    let raw = cs_pidfd(pid_t(truncatingIfNeeded: pid))
    guard raw >= 0 else { return false }
    let process = Descriptor(owning: raw)
    guard isAlive else { return false }
    let code = cs_pidfd_signal(process.rawValue, signal)
    guard code != 0, code != -ESRCH else { return code == 0 }
    throw .system(operation: .signal, path: "process \(pid)", code: -code)
  }

  /// Waits until it has ended, at most for `timeout`; whether it has.
  package func waitForEnd(_ timeout: Duration) -> Bool {
    let raw = cs_pidfd(pid_t(truncatingIfNeeded: pid))
    guard raw >= 0 else { return true }
    let process = Descriptor(owning: raw)
    guard isAlive else { return true }
    var ready: Int16 = 0
    var other: Int16 = 0
    _ = unsafe cs_poll(
      process.rawValue, Int16(POLLIN), &ready, -1, &other, timeout.wholeMilliseconds)
    return ready != 0 || !isAlive
  }

  private static func start(of pid: Int) -> UInt64? {
    guard pid > 0, let bytes = readFile("/proc/\(pid)/stat", limit: 4096),
      let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = bytes[bytes.index(after: nameEnd)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let state = fields[0].first,
      state != UInt8(ascii: "Z"), state != UInt8(ascii: "X")
    else { return nil }
    return UInt64(String(decoding: fields[19], as: UTF8.self))
  }
}

/// At most the first `limit` bytes of a file, or `nil` with errno set.
package func readFile(_ path: String, limit: Int) -> [UInt8]? {
  let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard raw >= 0 else { return nil }
  let file = Descriptor(owning: raw)
  var bytes: [UInt8] = []
  while bytes.count < limit {
    let wanted = min(limit - bytes.count, 64 << 10)
    let chunk = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { space, count in
      count = max(0, unsafe read(file.rawValue, space.baseAddress, wanted))
    }
    if chunk.isEmpty { break }
    bytes += chunk
  }
  return bytes
}
