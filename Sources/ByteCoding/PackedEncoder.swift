/// Encodes a value into few bytes that are quick to read again by the same build of the same program.
///
/// Fields are written in the order in which they are coded, without their names: what reads it must
/// have the same types. A reader recognises what it may read by other means (a format number, a
/// digest).
package enum Packing {
  /// The value as bytes.
  ///
  /// - Throws: what the value's own `encode` throws; `EncodingError` for a `nil` in a collection.
  package static func bytes(of value: some Encodable) throws -> [UInt8] {
    let sink = PackedSink()
    try sink.write(value)
    return sink.finished()
  }

  /// Whether keys of this type are any strings, as a dictionary's are: a type that lists its keys
  /// needs no room for one.
  static func isOpen<Key: CodingKey>(_ type: Key.Type) -> Bool { MemoryLayout<Key>.size >= 16 }
}

/// What is written: the strings, each once, and numbers that refer to them.
final class PackedSink {
  var bytes: [UInt8] = []
  private var strings: [String] = []
  private var numbers: [String: UInt64] = [:]
  /// The entries of the open container that is being written.
  var entries: [(key: String, bytes: [UInt8])]?

  func write(_ value: some Encodable) throws {
    // By type: any array casts to any other when it is empty.
    if type(of: value) == [UInt8].self, let raw = value as? [UInt8] { return write(raw: raw) }
    let outer = entries
    entries = nil
    try value.encode(to: PackedEncoder(sink: self))
    if let written = entries {
      write(number: UInt64(written.count))
      for entry in written {
        write(string: entry.key)
        write(raw: entry.bytes)
      }
    }
    entries = outer
  }

  func write(number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Small magnitudes of either sign in few bytes.
  func write(signed: Int64) {
    write(number: UInt64(bitPattern: signed << 1 ^ signed >> 63))
  }

  func write(string: String) {
    if let known = numbers[string] { return write(number: known) }
    let number = UInt64(strings.count)
    numbers[string] = number
    strings.append(string)
    write(number: number)
  }

  func write(raw: [UInt8]) {
    write(number: UInt64(raw.count))
    bytes.append(contentsOf: raw)
  }

  /// One entry of an open container, whose bytes are kept apart.
  func writeEntry(_ key: String, _ body: () throws -> Void) rethrows {
    let outer = bytes
    bytes = []
    try body()
    entries?.append((key, bytes))
    bytes = outer
  }

  func finished() -> [UInt8] {
    let body = bytes
    bytes = []
    write(number: UInt64(strings.count))
    for string in strings { write(raw: Array(string.utf8)) }
    return bytes + body
  }
}

private struct PackedEncoder: Encoder {
  let sink: PackedSink
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    let isOpen = Packing.isOpen(type)
    if isOpen { sink.entries = sink.entries ?? [] }
    return KeyedEncodingContainer(PackedFields<Key>(sink: sink, isOpen: isOpen))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { PackedElements(sink) }

  func singleValueContainer() -> any SingleValueEncodingContainer { PackedValue(sink: sink) }
}

private func missing(_ value: Any?) -> EncodingError {
  .invalidValue(
    value as Any, .init(codingPath: [], debugDescription: "no place for a value that is missing"))
}

private struct PackedFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let sink: PackedSink
  let isOpen: Bool
  var codingPath: [any CodingKey] { [] }

  private func field(_ key: Key, _ body: () throws -> Void) rethrows {
    if isOpen { try sink.writeEntry(key.stringValue, body) } else { try body() }
  }

  func encodeNil(forKey key: Key) throws { throw missing(nil) }
  func encode(_ value: Bool, forKey key: Key) {
    field(key) { sink.write(number: value ? 1 : 0) }
  }
  func encode(_ value: String, forKey key: Key) { field(key) { sink.write(string: value) } }
  func encode(_ value: Double, forKey key: Key) {
    field(key) { sink.write(number: value.bitPattern) }
  }
  func encode(_ value: Float, forKey key: Key) {
    field(key) { sink.write(number: UInt64(value.bitPattern)) }
  }
  func encode(_ value: Int, forKey key: Key) { field(key) { sink.write(signed: Int64(value)) } }
  func encode(_ value: Int64, forKey key: Key) { field(key) { sink.write(signed: value) } }
  func encode(_ value: UInt64, forKey key: Key) { field(key) { sink.write(number: value) } }
  func encode(_ value: some Encodable, forKey key: Key) throws {
    try field(key) { try sink.write(value) }
  }

  private func maybe<Value>(_ value: Value?, _ body: (Value) throws -> Void) rethrows {
    sink.write(number: value == nil ? 0 : 1)
    if let value { try body(value) }
  }

  // All of them: what is not said here leaves out the mark.
  func encodeIfPresent(_ value: Bool?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: String?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Double?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Float?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Int?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Int8?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Int16?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Int32?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: Int64?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: UInt?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }
  func encodeIfPresent(_ value: UInt64?, forKey key: Key) {
    maybe(value) { encode($0, forKey: key) }
  }
  func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
    try maybe(value) { try encode($0, forKey: key) }
  }

  /// Of an enumeration's case: its name comes first.
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    sink.write(string: key.stringValue)
    return KeyedEncodingContainer(PackedFields<Nested>(sink: sink, isOpen: false))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    PackedElements(sink)
  }
  func superEncoder() -> any Encoder { PackedEncoder(sink: sink) }
  func superEncoder(forKey key: Key) -> any Encoder { PackedEncoder(sink: sink) }
}

/// Elements behind their number, which has four bytes since it is known only at the end.
private struct PackedElements: UnkeyedEncodingContainer {
  let sink: PackedSink
  private let place: Int
  private(set) var count = 0
  var codingPath: [any CodingKey] { [] }

  init(_ sink: PackedSink) {
    self.sink = sink
    place = sink.bytes.count
    sink.bytes.append(contentsOf: [0, 0, 0, 0])
  }

  private mutating func next() {
    count += 1
    for byte in 0..<4 { sink.bytes[place + byte] = UInt8(truncatingIfNeeded: count >> (8 * byte)) }
  }

  func encodeNil() throws { throw missing(nil) }
  mutating func encode(_ value: Bool) {
    next()
    sink.write(number: value ? 1 : 0)
  }
  mutating func encode(_ value: String) {
    next()
    sink.write(string: value)
  }
  mutating func encode(_ value: Int) {
    next()
    sink.write(signed: Int64(value))
  }
  mutating func encode(_ value: UInt64) {
    next()
    sink.write(number: value)
  }
  mutating func encode(_ value: some Encodable) throws {
    next()
    try sink.write(value)
  }
  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    next()
    return KeyedEncodingContainer(PackedFields<Nested>(sink: sink, isOpen: false))
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    next()
    return PackedElements(sink)
  }
  mutating func superEncoder() -> any Encoder {
    next()
    return PackedEncoder(sink: sink)
  }
}

private struct PackedValue: SingleValueEncodingContainer {
  let sink: PackedSink
  var codingPath: [any CodingKey] { [] }
  func encodeNil() throws { throw missing(nil) }
  func encode(_ value: Bool) { sink.write(number: value ? 1 : 0) }
  func encode(_ value: String) { sink.write(string: value) }
  func encode(_ value: Double) { sink.write(number: value.bitPattern) }
  func encode(_ value: Float) { sink.write(number: UInt64(value.bitPattern)) }
  func encode(_ value: Int) { sink.write(signed: Int64(value)) }
  func encode(_ value: Int8) { sink.write(signed: Int64(value)) }
  func encode(_ value: Int16) { sink.write(signed: Int64(value)) }
  func encode(_ value: Int32) { sink.write(signed: Int64(value)) }
  func encode(_ value: Int64) { sink.write(signed: value) }
  func encode(_ value: UInt) { sink.write(number: UInt64(value)) }
  func encode(_ value: UInt8) { sink.write(number: UInt64(value)) }
  func encode(_ value: UInt16) { sink.write(number: UInt64(value)) }
  func encode(_ value: UInt32) { sink.write(number: UInt64(value)) }
  func encode(_ value: UInt64) { sink.write(number: value) }
  func encode(_ value: some Encodable) throws { try sink.write(value) }
}
