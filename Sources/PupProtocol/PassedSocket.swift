import CSocket
import Glibc

/// A listening socket that a service manager has opened for this process (sd_listen_fds(3)).
package struct PassedSocket: ~Copyable {
  private static let firstDescriptor: Int32 = 3
  private static let pathCapacity = 256

  /// Where it listens.
  package let path: String
  private let listener: Descriptor

  /// The socket, if one was passed.
  ///
  /// To be called at most once and before other threads run: it takes the descriptor over, and
  /// removes the variables that tell of it, which are not meant for processes that we start.
  /// - Throws: `.system` if what was passed is not exactly one listening Unix stream socket.
  package static func take(
    from environment: [String: String]
  ) throws(TalkFailure) -> PassedSocket? {
    guard environment["LISTEN_PID"] == String(getpid()), let count = environment["LISTEN_FDS"]
    else { return nil }
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
    guard count == "1" else {
      throw .system(operation: .listen, path: "\(count) passed sockets", code: EINVAL)
    }
    return try PassedSocket()
  }

  private init() throws(TalkFailure) {
    var bytes = [CChar](repeating: 0, count: Self.pathCapacity)
    let code = unsafe bytes.withUnsafeMutableBufferPointer { space in
      unsafe cs_adopt_listener(Self.firstDescriptor, space.baseAddress, space.count)
    }
    guard code == 0 else {
      throw .system(operation: .listen, path: "the passed socket", code: -code)
    }
    let end = bytes.firstIndex(of: 0) ?? bytes.count
    path = String(decoding: bytes[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    listener = Descriptor(owning: Self.firstDescriptor)
  }

  /// Gives up the descriptor to its new owner.
  package consuming func descriptor() -> Descriptor { listener }
}
