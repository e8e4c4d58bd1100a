/// Cuts a stream of bytes into NUL-terminated messages.
///
/// Holds at most `limit` bytes of an unfinished message; who sends more is cut off.
package struct FrameBuffer: Sendable {
  private var bytes: [UInt8] = []
  private var scanned = 0
  private let limit: Int

  /// The longest message that a pup or the mapper takes, in bytes; an environment fits.
  package static let messageLimit = 4 << 20

  package init(limit: Int = messageLimit) { self.limit = limit }

  /// Whether a message without an end has outgrown the limit.
  package var isOverfull: Bool { bytes.count > limit }

  /// Adds what was received.
  package mutating func append(_ received: some Collection<UInt8>) {
    bytes.append(contentsOf: received)
  }

  /// The next whole message without its NUL, or `nil` until more is received.
  package mutating func next() -> [UInt8]? {
    guard let end = bytes[scanned...].firstIndex(of: 0) else {
      scanned = bytes.count
      return nil
    }
    let message = Array(bytes[..<end])
    bytes.removeSubrange(...end)
    scanned = 0
    return message
  }
}
