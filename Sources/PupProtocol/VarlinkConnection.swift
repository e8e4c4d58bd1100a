import CSocket
import Glibc

/// One client's connection, served by a thread of its own: one call after the other.
///
/// A client that is slow, silent or gone costs its own thread and nothing else.
final class VarlinkConnection: Sendable {
  private static let stallMilliseconds: Int32 = 10_000
  private static let refusalMilliseconds: Int32 = 2_000

  private let socket: Descriptor
  private let peer: Peer
  private let interfaces: [any VarlinkInterface]
  private let shutdownEvent: SharedEvent

  init(
    _ socket: consuming Descriptor, peer: Peer, interfaces: [any VarlinkInterface],
    shutdown: SharedEvent
  ) {
    self.socket = socket
    self.peer = peer
    self.interfaces = interfaces
    shutdownEvent = shutdown
  }

  /// Serves until the client leaves, breaks the protocol, or the server stops.
  func serve() {
    var buffer = FrameBuffer()
    while let message = nextMessage(&buffer) {
      guard let call = VarlinkCall(message, from: peer) else {
        _ = write(
          VarlinkEncoding.reply(
            VarlinkError(
              .malformed("not-varlink", "the message is no Varlink call"),
              interface: ProgramInterface.name)))
        return
      }
      guard peer.isPermitted else {
        refuse(call)
        return
      }
      guard carryOut(call) else { return }
    }
  }

  private func refuse(_ call: VarlinkCall) {
    let isOurs =
      interfaces.contains { $0.name == call.interface } && call.interface != "org.varlink.service"
    guard isOurs else {
      _ = write(VarlinkEncoding.reply(.permissionDenied))
      return
    }
    let parameters = [
      "code": "not-permitted", "message": "user \(peer.uid) may not use the programs of this user",
    ]
    _ = write(
      VarlinkEncoding.reply(
        VarlinkError(name: "\(call.interface).NotPermitted", parameters: parameters)))
  }

  // MARK: - Receiving

  private func nextMessage(_ buffer: inout FrameBuffer) -> [UInt8]? {
    let limit = peer.isPermitted ? -1 : Self.refusalMilliseconds
    while true {
      if let message = buffer.next() { return message }
      guard !buffer.isOverfull else { return nil }
      var ready: Int16 = 0
      var stop: Int16 = 0
      guard
        unsafe cs_poll(
          socket.rawValue, Int16(POLLIN), &ready, shutdownEvent.descriptor.rawValue, &stop, limit)
          > 0,
        stop == 0
      else { return nil }
      guard let received = receive(from: socket) else { return nil }
      buffer.append(received)
    }
  }

  // MARK: - One call

  /// Whether the connection is still good after it.
  private func carryOut(_ call: VarlinkCall) -> Bool {
    let event = cs_event()
    guard event >= 0 else { return false }
    let replies = VarlinkReplies(isOneway: call.isOneway, wakeUp: Descriptor(owning: event))
    let interface = interfaces.first { $0.name == call.interface }
    let task = Task {
      do throws(VarlinkError) {
        guard let interface else { throw .interfaceNotFound(call.interface) }
        try await interface.handle(call, replies)
      } catch {
        replies.fail(error)
      }
      replies.finish()
    }
    let isGood = forward(replies)
    if !isGood {
      replies.abandon()
      task.cancel()
    }
    return isGood
  }

  /// Sends replies as they come, and watches for the client's end meanwhile.
  private func forward(_ replies: VarlinkReplies) -> Bool {
    while true {
      var ready: Int16 = 0
      var woken: Int16 = 0
      guard unsafe cs_poll(socket.rawValue, 0, &ready, replies.wakeUp.rawValue, &woken, -1) > 0,
        ready == 0
      else { return false }
      cs_event_drain(replies.wakeUp.rawValue)
      let (bytes, isFinished, isOverfull) = replies.take()
      guard !isOverfull, write(bytes) else { return false }
      if isFinished { return true }
    }
  }

  /// Sends all of `bytes`, unless the client takes nothing for a while or is gone.
  private func write(_ bytes: [UInt8]) -> Bool {
    send(bytes, to: socket, stallMilliseconds: Self.stallMilliseconds)
  }
}

/// An event that several threads wait for.
final class SharedEvent: Sendable {
  let descriptor: Descriptor

  init?() {
    let raw = cs_event()
    guard raw >= 0 else { return nil }
    descriptor = Descriptor(owning: raw)
  }

  func signal() { cs_event_signal(descriptor.rawValue) }

  /// Blocks until it is signalled, or until the time is over.
  func wait(atMost timeout: Duration? = nil) {
    var ready: Int16 = 0
    var other: Int16 = 0
    _ = unsafe cs_poll(
      descriptor.rawValue, Int16(POLLIN), &ready, -1, &other, timeout?.wholeMilliseconds ?? -1)
  }
}

/// The bytes that have arrived, or `nil` at the end of the connection.
func receive(from socket: borrowing Descriptor) -> [UInt8]? {
  let chunk = 64 << 10
  let received = unsafe [UInt8](unsafeUninitializedCapacity: chunk) { space, count in
    count = max(0, unsafe cs_receive(socket.rawValue, space.baseAddress, chunk))
  }
  return received.isEmpty ? nil : received
}

/// Whether all of `bytes` could be sent; each wait for the peer is limited.
func send(_ bytes: [UInt8], to socket: borrowing Descriptor, stallMilliseconds: Int32) -> Bool {
  var sent = 0
  while sent < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { all in
      unsafe cs_send(socket.rawValue, all.baseAddress?.advanced(by: sent), all.count - sent)
    }
    if count > 0 {
      sent += count
    } else if count == -Int(EINTR) {
      continue
    } else if count == -Int(EAGAIN) {
      var ready: Int16 = 0
      var other: Int16 = 0
      guard
        unsafe cs_poll(
          socket.rawValue, Int16(POLLOUT), &ready, -1, &other, stallMilliseconds) > 0,
        ready & Int16(POLLERR | POLLHUP) == 0
      else { return false }
    } else {
      return false
    }
  }
  return true
}
