/// A cursor over borrowed little-endian bytes.
///
/// Every read is bounds-checked; nothing in this file is `unsafe`.
package struct ByteReader: ~Escapable {
  private let bytes: Span<UInt8>

  /// Bytes from the start of the span to the next read.
  package private(set) var offset: Int

  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) {
    self.bytes = bytes
    self.offset = 0
  }

  package var remaining: Int { bytes.count - offset }

  /// Moves to `offset` bytes from the start.
  package mutating func seek(to offset: Int) throws(ParseFailure) {
    guard offset >= 0, offset <= bytes.count else {
      throw .truncated(atByte: self.offset, needed: offset - bytes.count)
    }
    self.offset = offset
  }

  package mutating func skip(_ byteCount: Int) throws(ParseFailure) {
    guard byteCount >= 0, byteCount <= remaining else {
      throw .truncated(atByte: offset, needed: byteCount)
    }
    offset += byteCount
  }

  /// An integer of at most 64 bits.
  ///
  /// It is put together as one type, since other modules call this unspecialised: each operation on
  /// `Value` would go through its witness table.
  package mutating func read<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self
  ) throws(ParseFailure) -> Value {
    let size = MemoryLayout<Value>.size
    precondition(size <= 8, "no integer of the formats that we read is wider")
    guard remaining >= size else { throw .truncated(atByte: offset, needed: size) }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    offset += size
    return Value(truncatingIfNeeded: value)
  }

  /// One byte; much cheaper than the generic `read` where that is not specialised.
  package mutating func readByte() throws(ParseFailure) -> UInt8 {
    guard remaining >= 1 else { throw .truncated(atByte: offset, needed: 1) }
    defer { offset += 1 }
    return bytes[offset]
  }

  package mutating func readBytes(_ byteCount: Int) throws(ParseFailure) -> [UInt8] {
    guard byteCount >= 0, byteCount <= remaining else {
      throw .truncated(atByte: offset, needed: byteCount)
    }
    var result: [UInt8] = []
    result.reserveCapacity(byteCount)
    for index in 0..<byteCount { result.append(bytes[offset + index]) }
    offset += byteCount
    return result
  }

  /// A NUL-terminated string; the NUL is consumed and not returned.
  package mutating func readCString() throws(ParseFailure) -> String {
    let start = offset
    var result: [UInt8] = []
    while true {
      guard remaining > 0 else { throw .truncated(atByte: start, needed: result.count + 1) }
      let byte = try readByte()
      if byte == 0 { break }
      result.append(byte)
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// An unsigned LEB128 number (DWARF 5 section 7.6).
  package mutating func readULEB128() throws(ParseFailure) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readByte()
      guard shift < 64 else { throw .numberTooLarge(atByte: start) }
      value |= UInt64(byte & 0x7F) << shift
      shift += 7
      if byte & 0x80 == 0 { return value }
    }
  }

  /// A signed LEB128 number (DWARF 5 section 7.6).
  package mutating func readSLEB128() throws(ParseFailure) -> Int64 {
    let start = offset
    var value: Int64 = 0
    var shift: Int64 = 0
    while true {
      let byte = try readByte()
      guard shift < 64 else { throw .numberTooLarge(atByte: start) }
      value |= Int64(byte & 0x7F) << shift
      shift += 7
      if byte & 0x80 == 0 {
        if shift < 64, byte & 0x40 != 0 { value |= -1 << shift }
        return value
      }
    }
  }
}

/// Why a byte-level parse stopped.
package enum ParseFailure: Error, Hashable, Sendable {
  /// The input ended; both values are in bytes.
  case truncated(atByte: Int, needed: Int)
  /// A LEB128 number that does not fit in 64 bits starts at `atByte`.
  case numberTooLarge(atByte: Int)
}
