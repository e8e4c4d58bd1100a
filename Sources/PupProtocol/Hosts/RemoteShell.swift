import CSocket
import FoundationEssentials
import Glibc
import Synchronization

/// An ssh process that runs the bridge on another host.
///
/// It ends when the socket to it does; a thread waits for that, so that no zombie is left.
final class RemoteShell: Sendable {
  private struct State {
    var errors: [UInt8] = []
    var status: Int32?
  }

  /// Fixed options: never ask, no terminal, nothing forwarded, and notice a connection that is dead.
  ///
  /// ssh takes the first value that it is given, so options in `PUP_SSH` come before these.
  private static let options = [
    "-T", "-a", "-x", "-o", "BatchMode=yes", "-o", "ClearAllForwardings=yes", "-o",
    "RemoteCommand=none", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=10",
  ]
  /// How long ssh may take to end once it says no more.
  private static let ending = Duration.seconds(5)
  /// What is kept of its standard error, in bytes.
  private static let errorLimit = 64 << 10

  /// The host as ssh is given it.
  let host: String
  private let command: String
  private let state = Mutex(State())
  private let ended: SharedEvent

  private init(_ host: String, command: String, ended: SharedEvent) {
    self.host = host
    self.command = command
    self.ended = ended
  }

  /// A shell on `host`, and the socket that leads to the bridge there.
  ///
  /// `PUP_SSH` names the ssh command, with options parted by spaces; `PUP_REMOTE_COMMAND` is what
  /// the host is to run instead of `pupmapper bridge`.
  static func open(
    _ host: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TalkFailure) -> Opened {
    let client = (environment["PUP_SSH"] ?? "").split(separator: " ").map(String.init)
    let chosen = environment["PUP_REMOTE_COMMAND"] ?? ""
    let command = chosen.isEmpty ? "pupmapper bridge" : chosen
    guard let event = SharedEvent() else {
      throw .system(operation: .start, path: "event", code: errno)
    }
    let shell = RemoteShell(host, command: command, ended: event)
    let words = (client.isEmpty ? ["ssh"] : client) + options + ["--", host, command]
    return Opened(socket: try shell.start(words), shell: shell)
  }

  /// What `open` gives; the socket is its owner's.
  struct Opened: ~Copyable {
    let socket: Descriptor
    let shell: RemoteShell

    consuming func takeSocket() -> Descriptor { socket }
  }

  private func start(_ words: [String]) throws(TalkFailure) -> Descriptor {
    let (ours, theirs) = try unsafe Self.pair(words[0]) { unsafe cs_socket_pair($0) }
    let (reading, writing) = try unsafe Self.pair(words[0]) { unsafe cs_pipe($0, 0) }
    let talk = Descriptor(owning: theirs)
    let errors = Descriptor(owning: writing)
    let socket = Descriptor(owning: ours)
    let pid = unsafe withCStrings(words) { argv in
      unsafe cs_spawn_talking(argv, talk.rawValue, errors.rawValue)
    }
    guard pid > 0 else {
      close(reading)
      throw .host(host, .noClient(command: words[0]))
    }
    try onNewThread { self.follow(pid, reading) }
    return socket
  }

  private static func pair(
    _ name: String, _ make: (UnsafeMutablePointer<Int32>) -> Int32
  ) throws(TalkFailure) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let code = unsafe ends.withUnsafeMutableBufferPointer { ends in
      guard let first = ends.baseAddress else { return -EINVAL }
      return unsafe make(first)
    }
    guard code == 0 else { throw .system(operation: .start, path: name, code: -code) }
    return (ends[0], ends[1])
  }

  /// Reads what ssh has to say, and waits for its end.
  private func follow(_ pid: Int32, _ reading: Int32) {
    let errors = Descriptor(owning: reading)
    while let bytes = readSome(from: errors.rawValue, atMost: 4096) {
      state.withLock { state in
        if state.errors.count < Self.errorLimit { state.errors += bytes }
      }
    }
    var raw: Int32 = 0
    while unsafe waitpid(pid, &raw, 0) < 0, errno == EINTR {}
    let signal = raw & 0x7f
    state.withLock { $0.status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal }
    ended.signal()
  }

  /// Why the connection has ended; waits for ssh to say so.
  func failure(hasAnswered: Bool) -> TalkFailure {
    guard !hasAnswered else { return .host(host, .lost) }
    ended.wait(atMost: Self.ending)
    let (errors, status) = state.withLock { ($0.errors, $0.status) }
    guard let status else { return .host(host, .lost) }
    return .host(
      host,
      HostFault(
        status: status, errors: String(decoding: errors, as: UTF8.self),
        command: command.split(separator: " ").first.map(String.init) ?? command))
  }
}

/// The next bytes of a descriptor that blocks, or `nil` at its end.
func readSome(from descriptor: Int32, atMost limit: Int) -> [UInt8]? {
  let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { space, count in
    count = max(0, unsafe cs_read(descriptor, space.baseAddress, limit))
  }
  return bytes.isEmpty ? nil : bytes
}
