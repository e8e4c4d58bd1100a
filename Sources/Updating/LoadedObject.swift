package import VersionSpace

/// A shared object (or the program) as the dynamic linker loaded it, read from the target's memory
/// (gABI "Dynamic Section"; GNU hash and symbol versions as in glibc's `elf/dl-lookup.c`).
package struct LoadedObject: Hashable, Sendable {
  package var name: String
  package var bias: UInt64
  private var tags: [UInt64: UInt64] = [:]

  private enum Tag {
    static let pltRelocationBytes: UInt64 = 2
    static let stringTable: UInt64 = 5
    static let symbolTable: UInt64 = 6
    static let relocations: UInt64 = 7
    static let relocationBytes: UInt64 = 8
    static let debug: UInt64 = 21
    static let pltRelocations: UInt64 = 23
    static let gnuHash: UInt64 = 0x6FFF_FEF5
    static let symbolVersions: UInt64 = 0x6FFF_FFF0
  }

  /// Reads the dynamic section at `dynamic` of an object loaded `bias` above its link addresses.
  package init(
    name: String, bias: UInt64, dynamic: TraceeAddress,
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    self.name = name
    self.bias = bias
    var place = dynamic.rawValue
    for _ in 0..<512 {
      let tag = try memory.word(at: TraceeAddress(rawValue: place))
      if tag == 0 { break }
      tags[tag] = try memory.word(at: TraceeAddress(rawValue: place &+ 8))
      place &+= 16
    }
  }

  /// An address that the dynamic section holds: ld.so relocates these in place where it can.
  private func pointer(_ tag: UInt64) -> UInt64? {
    guard let value = tags[tag], value != 0 else { return nil }
    return value < bias ? value &+ bias : value
  }

  /// `DT_DEBUG`: the address of `struct r_debug`.
  package var debugAddress: UInt64? { tags[Tag.debug].flatMap { $0 == 0 ? nil : $0 } }

  package struct Symbol: Hashable, Sendable {
    /// STT_ value: 1 object, 2 function, 6 thread-local, 10 ifunc.
    package var kind: UInt8
    package var address: UInt64
    /// Before the bias was added.
    package var value: UInt64
  }

  /// The default definition of `name`, or `nil`.
  package func symbol(
    named name: String, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> Symbol? {
    guard let table = pointer(Tag.gnuHash), let symbols = pointer(Tag.symbolTable),
      let strings = pointer(Tag.stringTable)
    else { return nil }
    let header = try memory.bytes(at: TraceeAddress(rawValue: table), byteCount: 16)
    let bucketCount = UInt64(header.word32(0))
    let firstSymbol = UInt64(header.word32(4))
    let bloomCount = UInt64(header.word32(8))
    guard bucketCount > 0 else { return nil }
    let hash = Self.gnuHash(name)
    let buckets = table &+ 16 &+ bloomCount &* 8
    let chains = buckets &+ bucketCount &* 4
    var index = UInt64(try memory.word32(at: buckets &+ (UInt64(hash) % bucketCount) &* 4))
    guard index >= firstSymbol else { return nil }
    for _ in 0..<4096 {
      let link = try memory.word32(at: chains &+ (index &- firstSymbol) &* 4)
      if link | 1 == hash | 1,
        let found = try candidate(index, name, symbols, strings, memory: memory)
      {
        return found
      }
      if link & 1 == 1 { return nil }
      index += 1
    }
    return nil
  }

  private func candidate(
    _ index: UInt64, _ name: String, _ symbols: UInt64, _ strings: UInt64,
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> Symbol? {
    let entry = try memory.bytes(at: TraceeAddress(rawValue: symbols &+ index &* 24), byteCount: 24)
    let wanted = Array(name.utf8) + [0]
    let place = TraceeAddress(rawValue: strings &+ UInt64(entry.word32(0)))
    guard try memory.bytes(at: place, byteCount: wanted.count) == wanted else { return nil }
    let section = UInt16(entry[6]) | UInt16(entry[7]) << 8
    let kind = entry[4] & 0xF
    guard section != 0 else { return nil }
    if let versions = pointer(Tag.symbolVersions) {
      let version = try memory.bytes(
        at: TraceeAddress(rawValue: versions &+ index &* 2), byteCount: 2)
      if version[1] & 0x80 != 0 { return nil }
    }
    let value = entry.word64(8)
    return Symbol(kind: kind, address: value &+ bias, value: value)
  }

  private static func gnuHash(_ name: String) -> UInt32 {
    name.utf8.reduce(5381) { $0 &* 33 &+ UInt32($1) }
  }

  /// One entry of the object's relocation tables, as the dynamic linker applied it.
  package struct DynamicRelocation: Hashable, Sendable {
    /// R_X86_64_ number: 6 GLOB_DAT, 7 JUMP_SLOT, 37 IRELATIVE.
    package var type: UInt32
    package var symbol: UInt32
    package var place: UInt64
    package var addend: UInt64
  }

  package func relocations(
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> [DynamicRelocation] {
    var result: [DynamicRelocation] = []
    let tables = [
      (Tag.relocations, Tag.relocationBytes), (Tag.pltRelocations, Tag.pltRelocationBytes),
    ]
    for (table, size) in tables {
      guard let start = pointer(table), let byteCount = tags[size], byteCount < 1 << 28 else {
        continue
      }
      let bytes = try memory.bytes(
        at: TraceeAddress(rawValue: start), byteCount: Int(byteCount))
      result += Self.relocations(bytes, bias: bias)
    }
    return result
  }

  /// Decodes a RELA table.
  package static func relocations(_ bytes: [UInt8], bias: UInt64) -> [DynamicRelocation] {
    stride(from: 0, to: bytes.count - 23, by: 24).map { offset in
      DynamicRelocation(
        type: bytes.word32(offset + 8), symbol: bytes.word32(offset + 12),
        place: bytes.word64(offset) &+ bias, addend: bytes.word64(offset + 16))
    }
  }

  /// The name of the dynamic symbol with this index.
  package func symbolName(
    _ index: UInt32, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> String? {
    guard let symbols = pointer(Tag.symbolTable), let strings = pointer(Tag.stringTable) else {
      return nil
    }
    let offset = try memory.word32(at: symbols &+ UInt64(index) &* 24)
    var bytes: [UInt8] = []
    var place = strings &+ UInt64(offset)
    while bytes.count < 4096 {
      // Up to the next page, which may be missing.
      let size = min(64, 4096 - Int(place % 4096))
      let some = try memory.bytes(at: TraceeAddress(rawValue: place), byteCount: size)
      bytes += some.prefix { $0 != 0 }
      if some.contains(0) { break }
      place += UInt64(size)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension [UInt8] {
  /// The little-endian word at `offset`, which must exist.
  func word32(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * UInt32($1)) }
  }

  func word64(_ offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(self[offset + $1]) << (8 * UInt64($1)) }
  }
}

extension TraceeMemory where Self: ~Copyable {
  func word32(at address: UInt64) throws(TraceeFailure) -> UInt32 {
    try bytes(at: TraceeAddress(rawValue: address), byteCount: 4).word32(0)
  }
}
