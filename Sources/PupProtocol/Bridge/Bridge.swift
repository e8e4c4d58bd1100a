import CSocket
import FoundationEssentials
import Glibc
import Synchronization

/// The host's side of a connection from another one: calls come on standard input, replies leave on
/// standard output, and each call goes to whoever it is for.
///
/// It ends with its input; what was asked of a pup goes on, as it does when a local client leaves.
package final class Bridge {
  private static let input: Int32 = 0
  private static let output: Int32 = 1
  private static let stallMilliseconds: Int32 = 10_000

  private let host: LocalHost
  private let selection = Selection()
  private let ownService: Descriptor
  private let peer: Peer
  private var received = FrameBuffer()

  /// A bridge to the programs of `directory`, for a user who comes from `other`.
  package init(_ directory: RuntimeDirectory, from other: String?) throws(TalkFailure) {
    host = LocalHost(directory)
    peer = Peer(pid: getpid(), uid: geteuid())
    let interface = BridgeInterface(
      host: host, selection: selection, uploads: try Uploads(in: try StateDirectory()),
      origin: other)
    ownService = try VarlinkConnection.open(
      to: ServiceInterface.added(to: [interface], product: "pupmapper"), as: peer)
  }

  /// The host at the other end of an ssh session, as sshd tells it in the environment.
  package static func origin(_ environment: [String: String]) -> String? {
    environment["SSH_CONNECTION"]?.split(separator: " ").first.map(String.init)
  }

  /// Serves until the input ends; blocks.
  package func run() {
    while let frame = nextFrame() {
      guard let call = VarlinkCall(frame, from: peer) else { return }
      guard carryOut(call, frame) else { return }
    }
  }

  /// Whether the connection is still good after it.
  private func carryOut(_ call: VarlinkCall, _ frame: [UInt8]) -> Bool {
    do throws(VarlinkError) {
      switch call.interface {
      case BridgeMessages.interface, "org.varlink.service":
        return try forward(call, frame, to: ownService)
      case MapperMessages.interface:
        let client = try answering(as: BridgeMessages.interface) { () throws(ServiceFailure) in
          try talking { () throws(TalkFailure) in try host.mapper.ensureRunning() }
        }
        return try forward(call, frame, to: client.takeSocket())
      case ProgramInterface.name:
        let client = try answering(as: BridgeMessages.interface) { () throws(ServiceFailure) in
          guard let name = selection.name else {
            throw .malformed("not-selected", "no program was selected")
          }
          return try host.connect(to: name, connecting: false, from: nil)
        }
        return try forward(call, frame, to: client.takeSocket())
      default: throw .interfaceNotFound(call.interface)
      }
    } catch {
      return call.isOneway || write(VarlinkEncoding.reply(error))
    }
  }

  // MARK: - Relaying

  /// Sends the call on, and its replies back; whether our client is still there.
  ///
  /// - Throws: `Closed` if the service goes before its last reply.
  private func forward(
    _ call: VarlinkCall, _ frame: [UInt8], to service: borrowing Descriptor
  ) throws(VarlinkError) -> Bool {
    guard send(frame + [0], to: service, stallMilliseconds: Self.stallMilliseconds) else {
      throw BridgeMessages.closed
    }
    guard !call.isOneway else { return true }
    var replies = FrameBuffer(limit: 64 << 20)
    while true {
      while let reply = replies.next() {
        guard write(reply + [0]) else { return false }
        if isLast(reply) { return true }
      }
      var fromService: Int16 = 0
      var fromClient: Int16 = 0
      guard
        unsafe cs_poll(
          service.rawValue, Int16(POLLIN), &fromService, Self.input, &fromClient, -1) > 0
      else { return false }
      if fromClient != 0, !takeInput() { return false }
      guard fromService != 0 else { continue }
      guard let bytes = receive(from: service), !replies.isOverfull else {
        throw BridgeMessages.closed
      }
      replies.append(bytes)
    }
  }

  private func isLast(_ reply: [UInt8]) -> Bool {
    struct Head: Decodable {
      let error: String?
      let continues: Bool?
    }
    guard let head = try? JSONDecoder().decode(Head.self, from: Data(reply)) else { return true }
    return head.error != nil || head.continues != true
  }

  // MARK: - The standard files

  private func nextFrame() -> [UInt8]? {
    while true {
      if let frame = received.next() { return frame }
      var ready: Int16 = 0
      var other: Int16 = 0
      guard unsafe cs_poll(Self.input, Int16(POLLIN), &ready, -1, &other, -1) > 0, takeInput()
      else { return nil }
    }
  }

  /// Whether the input goes on.
  private func takeInput() -> Bool {
    guard !received.isOverfull, let bytes = readSome(from: Self.input, atMost: 256 << 10) else {
      return false
    }
    received.append(bytes)
    return true
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe cs_write(
          Self.output, all.baseAddress?.advanced(by: written), all.count - written)
      }
      if count == -Int(EAGAIN) {
        var ready: Int16 = 0
        var other: Int16 = 0
        _ = unsafe cs_poll(Self.output, Int16(POLLOUT), &ready, -1, &other, -1)
        continue
      }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }
}

/// Which program the calls of `org.podus.pup` are for.
final class Selection: Sendable {
  private let chosen = Mutex<String?>(nil)

  var name: String? { chosen.withLock { $0 } }

  func choose(_ name: String) { chosen.withLock { $0 = name } }
}

extension VarlinkConnection {
  /// A connection within this process to a service of `interfaces`, for as long as it runs.
  fileprivate static func open(
    to interfaces: [any VarlinkInterface], as peer: Peer
  ) throws(TalkFailure) -> Descriptor {
    var ends: [Int32] = [-1, -1]
    let code = unsafe ends.withUnsafeMutableBufferPointer { ends in
      guard let first = ends.baseAddress else { return -EINVAL }
      return unsafe cs_socket_pair(first)
    }
    guard code == 0, let shutdown = SharedEvent() else {
      throw .system(operation: .start, path: "bridge", code: code == 0 ? errno : -code)
    }
    let connection = VarlinkConnection(
      Descriptor(owning: ends[1]), peer: peer, interfaces: interfaces, shutdown: shutdown)
    try onNewThread { connection.serve() }
    return Descriptor(owning: ends[0])
  }
}
