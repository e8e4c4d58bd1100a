extension Packing {
  /// Reads what `bytes(of:)` wrote of a value of the same type.
  ///
  /// - Throws: `PackedFailure` or `DecodingError` when the bytes are no such value; never traps.
  package static func value<Value: Decodable>(
    _ type: Value.Type = Value.self, from bytes: [UInt8]
  ) throws -> Value {
    let source = try PackedSource(bytes)
    let value = try source.read(Value.self)
    guard source.isAtEnd else { throw PackedFailure() }
    return value
  }
}

/// The bytes are not what was asked for.
package struct PackedFailure: Error, Hashable, Sendable {
  package init() {}
}

/// A cursor over what a `PackedSink` wrote.
final class PackedSource {
  private var cursor: PackedCursor
  private var strings: [String] = []

  init(_ bytes: [UInt8]) throws {
    cursor = PackedCursor(bytes)
    let count = try cursor.count()
    strings.reserveCapacity(count)
    for _ in 0..<count { strings.append(String(decoding: try readRaw(), as: UTF8.self)) }
  }

  var offset: Int { cursor.offset }
  var isAtEnd: Bool { cursor.isAtEnd }

  func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == [UInt8].self, let raw = Array(try readRaw()) as? Value { return raw }
    return try Value(from: PackedDecoder(source: self))
  }

  func seek(to place: Int) { cursor.offset = place }

  func readNumber() throws -> UInt64 { try cursor.number() }

  func readSigned() throws -> Int64 { try cursor.signed() }

  func readInteger<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    let value = Value.isSigned ? Value(exactly: try readSigned()) : Value(exactly: try readNumber())
    guard let value else { throw PackedFailure() }
    return value
  }

  func readBool() throws -> Bool {
    let number = try readNumber()
    guard number <= 1 else { throw PackedFailure() }
    return number == 1
  }

  func readString() throws -> String {
    guard let number = Int(exactly: try readNumber()), number < strings.count else {
      throw PackedFailure()
    }
    return strings[number]
  }

  func readRaw() throws -> ArraySlice<UInt8> {
    let count = try cursor.count()
    defer { cursor.offset += count }
    return cursor.bytes[offset..<offset + count]
  }

  /// How many elements follow.
  func readElementCount() throws -> Int {
    guard cursor.bytes.count - offset >= 4 else { throw PackedFailure() }
    var count = 0
    for byte in 0..<4 { count |= Int(cursor.bytes[offset + byte]) << (8 * byte) }
    cursor.offset += 4
    guard count <= cursor.bytes.count - offset else { throw PackedFailure() }
    return count
  }

  /// Where the entries of an open container lie.
  func readEntries() throws -> [(key: String, place: Int)] {
    var entries: [(String, Int)] = []
    for _ in 0..<(try cursor.count(atLeast: 2)) {
      let key = try readString()
      let raw = try readRaw()
      entries.append((key, raw.startIndex))
    }
    return entries
  }
}

private struct PackedDecoder: Decoder {
  let source: PackedSource
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(
      Packing.isOpen(type)
        ? try ReadFields<Key>(openIn: source) : ReadFields<Key>(source: source))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    ReadElements(source: source, total: try source.readElementCount())
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { ReadValue(source: source) }
}

private struct ReadFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let source: PackedSource
  /// Of an open container: where each entry lies, and where it ends.
  private var places: [String: Int] = [:]
  private var openKeys: [Key]?
  private var end = 0
  var codingPath: [any CodingKey] { [] }

  init(source: PackedSource) { self.source = source }

  init(openIn source: PackedSource) throws {
    self.source = source
    var keys: [Key] = []
    for entry in try source.readEntries() {
      guard let key = Key(stringValue: entry.key), places[entry.key] == nil else {
        throw PackedFailure()
      }
      places[entry.key] = entry.place
      keys.append(key)
    }
    openKeys = keys
    end = source.offset
  }

  /// All of a dictionary; of an enumeration, the case that follows.
  var allKeys: [Key] {
    if let openKeys { return openKeys }
    guard let name = try? source.readString(), let key = Key(stringValue: name) else { return [] }
    return [key]
  }

  func contains(_ key: Key) -> Bool { openKeys == nil || places[key.stringValue] != nil }

  private func field<Value>(_ key: Key, _ body: () throws -> Value) throws -> Value {
    guard openKeys != nil else { return try body() }
    guard let place = places[key.stringValue] else { throw PackedFailure() }
    source.seek(to: place)
    defer { source.seek(to: end) }
    return try body()
  }

  func decodeNil(forKey key: Key) -> Bool { false }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try field(key) { try source.readBool() }
  }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try field(key) { try source.readString() }
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try field(key) { Double(bitPattern: try source.readNumber()) }
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    try field(key) { Float(bitPattern: try source.readInteger(UInt32.self)) }
  }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    try field(key) { Int(try source.readSigned()) }
  }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try field(key) { try source.readSigned() }
  }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try field(key) { try source.readNumber() }
  }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try field(key) { try source.read(type) }
  }

  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }
  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try source.readBool() ? try decode(type, forKey: key) : nil
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(ReadFields<Nested>(source: source))
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    ReadElements(source: source, total: try source.readElementCount())
  }
  func superDecoder() -> any Decoder { PackedDecoder(source: source) }
  func superDecoder(forKey key: Key) -> any Decoder { PackedDecoder(source: source) }
}

private struct ReadElements: UnkeyedDecodingContainer {
  let source: PackedSource
  let total: Int
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { total }
  var isAtEnd: Bool { currentIndex >= total }

  init(source: PackedSource, total: Int) {
    self.source = source
    self.total = total
  }

  private mutating func next() throws {
    guard currentIndex < total else { throw PackedFailure() }
    currentIndex += 1
  }

  mutating func decodeNil() -> Bool { false }
  mutating func decode(_ type: Bool.Type) throws -> Bool {
    try next()
    return try source.readBool()
  }
  mutating func decode(_ type: String.Type) throws -> String {
    try next()
    return try source.readString()
  }
  mutating func decode(_ type: Int.Type) throws -> Int {
    try next()
    return Int(try source.readSigned())
  }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
    try next()
    return try source.readNumber()
  }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try next()
    return try source.read(type)
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try next()
    return KeyedDecodingContainer(ReadFields<Nested>(source: source))
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next()
    return ReadElements(source: source, total: try source.readElementCount())
  }
  mutating func superDecoder() throws -> any Decoder {
    try next()
    return PackedDecoder(source: source)
  }
}

private struct ReadValue: SingleValueDecodingContainer {
  let source: PackedSource
  var codingPath: [any CodingKey] { [] }
  func decodeNil() -> Bool { false }
  func decode(_ type: Bool.Type) throws -> Bool { try source.readBool() }
  func decode(_ type: String.Type) throws -> String { try source.readString() }
  func decode(_ type: Double.Type) throws -> Double {
    Double(bitPattern: try source.readNumber())
  }
  func decode(_ type: Float.Type) throws -> Float {
    Float(bitPattern: try source.readInteger(UInt32.self))
  }
  func decode(_ type: Int.Type) throws -> Int { Int(try source.readSigned()) }
  func decode(_ type: Int8.Type) throws -> Int8 { try source.readInteger(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try source.readInteger(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try source.readInteger(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try source.readSigned() }
  func decode(_ type: UInt.Type) throws -> UInt { try source.readInteger(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try source.readInteger(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try source.readInteger(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try source.readInteger(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try source.readNumber() }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try source.read(type) }
}
