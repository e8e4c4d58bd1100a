/// Reads unsigned LEB128 numbers from an array (DWARF 5 section 7.6), by the failure of packed values.
package struct PackedCursor: Sendable {
  package let bytes: [UInt8]
  package var offset = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var isAtEnd: Bool { offset == bytes.count }

  /// - Throws: `PackedFailure` at the end, and for a number of more than 64 bits.
  package mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    throw PackedFailure()
  }

  /// A number whose lowest bit says that it is below zero.
  package mutating func signed() throws -> Int64 {
    let number = try number()
    return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }

  /// A number of things of which each takes `size` bytes or more.
  package mutating func count(atLeast size: Int = 1) throws -> Int {
    guard let count = Int(exactly: try number()), count <= (bytes.count - offset) / size else {
      throw PackedFailure()
    }
    return count
  }
}
