import Glibc
import Testing

/// A client that shares no code with ours: a plain socket that sends and receives bytes.
final class RawClient {
  private let socket: Int32

  init(_ path: String) throws {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(bytes.count < 108)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(code == 0)
    // Nothing in these tests may hang: a read gives up after some seconds.
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    unsafe setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  /// Whether all bytes could be sent.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe Glibc.send(
          socket, all.baseAddress?.advanced(by: sent), all.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Sends `text` and a NUL.
  func call(_ text: String) { send(Array(text.utf8) + [0]) }

  /// The next message, or `nil` at the end of the connection.
  func reply() -> String? {
    var message: [UInt8] = []
    while true {
      var byte: UInt8 = 0
      guard unsafe recv(socket, &byte, 1, 0) == 1 else { return nil }
      if byte == 0 { return String(decoding: message, as: UTF8.self) }
      message.append(byte)
    }
  }

  /// Calls and gives the reply.
  func ask(_ text: String) -> String? {
    call(text)
    return reply()
  }
}
