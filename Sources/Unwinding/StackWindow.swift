import VersionSpace

/// The piece of stack that a walk reads from: given with the walk, or fetched in one large read at
/// the first word that is not in it, and used for the frames above.
package struct StackWindow {
  private var start: UInt64 = 0
  private var bytes: ArraySlice<UInt8> = []
  private static let pageBytes: UInt64 = 4096
  /// A stack may end soon: then less is tried.
  private static let pageCounts: [UInt64] = [4, 2, 1]

  package init() {}

  /// Memory at `start` that has been read already.
  package init(start: UInt64, bytes: ArraySlice<UInt8>) {
    self.start = start
    self.bytes = bytes
  }

  /// The little-endian word at `address`; `nil` when it cannot be read.
  mutating func word(
    at address: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    if let word = held(address) { return word }
    fetch(address, memory: memory)
    return held(address)
  }

  private func held(_ address: UInt64) -> UInt64? {
    guard address >= start, bytes.count >= 8, address - start <= UInt64(bytes.count - 8) else {
      return nil
    }
    let offset = bytes.startIndex + Int(address - start)
    var value: UInt64 = 0
    for index in 0..<8 { value |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
    return value
  }

  private mutating func fetch(
    _ address: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) {
    let page = address / Self.pageBytes * Self.pageBytes
    for count in Self.pageCounts {
      guard !page.addingReportingOverflow(count * Self.pageBytes).overflow else { continue }
      do throws(TraceeFailure) {
        bytes = try memory.bytes(
          at: TraceeAddress(rawValue: page), byteCount: Int(count * Self.pageBytes))[...]
        start = page
        return
      } catch {
        continue
      }
    }
    bytes = []
  }
}
