import ByteCoding

/// Many numbers as one string, since a journal that names each of them costs seconds for a large
/// program: unsigned LEB128 in base64 (RFC 4648).
struct PackedNumbers: Codable, Sendable {
  private var writer = ByteWriter()

  init() {}

  mutating func append(_ number: UInt64) { writer.appendULEB128(number) }

  /// Any number, also a negative one.
  mutating func append(_ number: Int) {
    append(UInt64(bitPattern: Int64(number << 1 ^ number >> 63)))
  }

  mutating func append(_ flag: Bool) { append(flag ? 1 as UInt64 : 0) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Base64.text(of: writer.bytes))
  }

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let bytes = Base64.bytes(of: text) else { throw PackedFailure() }
    writer = ByteWriter(bytes)
  }

  /// Calls `body` with each number in its order at hand.
  ///
  /// - Throws: what `body` throws; `PackedFailure` if it leaves some, or wants too many.
  func read<Value>(_ body: (inout Reader) throws -> Value) throws -> Value {
    var reader = Reader(cursor: PackedCursor(writer.bytes))
    let value = try body(&reader)
    guard reader.cursor.isAtEnd else { throw PackedFailure() }
    return value
  }

  struct Reader {
    fileprivate var cursor: PackedCursor

    mutating func number() throws -> UInt64 { try cursor.number() }

    mutating func integer() throws -> Int { Int(try cursor.signed()) }

    mutating func flag() throws -> Bool { try number() != 0 }

    /// How many of something follow, each of which takes at least one number.
    mutating func count() throws -> Int { try cursor.count() }

    mutating func range() throws -> Range<UInt64> {
      let start = try number()
      let (end, overflow) = start.addingReportingOverflow(try number())
      guard !overflow else { throw PackedFailure() }
      return start..<end
    }
  }
}

/// Base64 with padding (RFC 4648 section 4).
enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(of bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var word = 0
      for index in 0..<3 { word = word << 8 | (index < count ? Int(bytes[start + index]) : 0) }
      for index in 0..<4 {
        result.append(index <= count ? digits[word >> (18 - 6 * index) & 63] : 61)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// `nil` for what is no base64.
  static func bytes(of text: String) -> [UInt8]? {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    let padding = characters.suffix(2).count { $0 == 61 }
    var result: [UInt8] = []
    result.reserveCapacity(characters.count / 4 * 3)
    var word = 0
    for (index, character) in characters.dropLast(padding).enumerated() {
      guard values[Int(character)] < 64 else { return nil }
      word = word << 6 | Int(values[Int(character)])
      let bits = index % 4
      if bits > 0 { result.append(UInt8(truncatingIfNeeded: word >> (6 - 2 * bits))) }
    }
    return result
  }
}
