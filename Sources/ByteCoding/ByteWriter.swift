/// Appends little-endian values to a byte array.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8]

  package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  /// Appends an integer of at most 64 bits; put into one type first, as when it is read.
  package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    let size = MemoryLayout<Value>.size
    precondition(size <= 8, "no integer of the formats that we write is wider")
    var rest = UInt64(truncatingIfNeeded: value)
    for _ in 0..<size {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  package mutating func append(contentsOf more: [UInt8]) { bytes.append(contentsOf: more) }

  package mutating func appendCString(_ string: String) {
    bytes.append(contentsOf: string.utf8)
    bytes.append(0)
  }

  package mutating func appendULEB128(_ value: UInt64) {
    var rest = value
    repeat {
      let low = UInt8(rest & 0x7F)
      rest >>= 7
      bytes.append(rest == 0 ? low : low | 0x80)
    } while rest != 0
  }

  /// Pads with `byte` up to a multiple of `alignment`, which is at least 1.
  package mutating func align(to alignment: Int, with byte: UInt8 = 0) {
    while bytes.count % alignment != 0 { bytes.append(byte) }
  }

  /// Overwrites the bytes at `offset`, which must already exist.
  package mutating func patch<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
    for index in 0..<(Value.bitWidth / 8) {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }
}

extension FixedWidthInteger {
  /// Its bytes as x86 has them in memory, the lowest first.
  package var littleEndianBytes: [UInt8] {
    (0..<(Self.bitWidth / 8)).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}
