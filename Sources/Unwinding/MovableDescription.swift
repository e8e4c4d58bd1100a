import ByteCoding

/// A CIE and an FDE as they stand in an object file, to be placed anew for code that was moved.
///
/// Every pointer in them is relative to its own place or is relocated, so none can be copied as it
/// is (LSB "Exception Frames"). Only the pointer forms that gcc uses for x86-64 are taken: four
/// bytes, relative to their place; the personality routine's may be indirect.
package struct MovableDescription: Sendable {
  /// A pointer besides the one to the code.
  package enum Pointer: Hashable, Sendable {
    /// In the CIE, `offset` bytes from its start: the routine, or, if `isIndirect`, the word that
    /// holds its address.
    case personality(offset: Int, isIndirect: Bool)
    /// In the FDE, `offset` bytes from its start: the language's own table of the code.
    case languageData(offset: Int)
  }

  private let common: [UInt8]
  private let description: [UInt8]
  /// All that must be known to place the description.
  package private(set) var pointers: [Pointer] = []

  private static let relative: UInt8 = 0x1B
  private static let indirect: UInt8 = 0x80
  private static let omitted: UInt8 = 0xFF

  /// Takes a CIE and an FDE of it, each with its length word.
  ///
  /// - Returns: `nil` if they make no sense or use other forms of pointers.
  package init?(common: [UInt8], description: [UInt8]) {
    self.common = common
    self.description = description
    do throws(ParseFailure) {
      guard let languageData = try readCommon(), try readDescription(languageData) else {
        return nil
      }
    } catch {
      return nil
    }
  }

  /// Whether the FDE has a pointer to language data; `nil` if the CIE is not understood.
  private mutating func readCommon() throws(ParseFailure) -> Bool? {
    let bytes = common
    var reader = ByteReader(bytes.span)
    guard Int(try reader.read(UInt32.self)) + 4 == bytes.count,
      try reader.read(UInt32.self) == 0, try reader.readByte() == 1
    else { return nil }
    let augmentation = try reader.readCString()
    guard augmentation.first == "z" else { return nil }
    _ = try reader.readULEB128()
    _ = try reader.readSLEB128()
    guard try reader.readByte() == 16 else { return nil }
    _ = try reader.readULEB128()
    var hasLanguageData = false
    var isRelative = false
    for character in augmentation.dropFirst() {
      switch character {
      case "R": isRelative = try reader.readByte() == Self.relative
      case "S": break
      case "L":
        let encoding = try reader.readByte()
        guard encoding == Self.relative || encoding == Self.omitted else { return nil }
        hasLanguageData = encoding != Self.omitted
      case "P":
        let encoding = try reader.readByte()
        guard encoding & ~Self.indirect == Self.relative else { return nil }
        pointers.append(
          .personality(offset: reader.offset, isIndirect: encoding & Self.indirect != 0))
        try reader.skip(4)
      default: return nil
      }
    }
    return isRelative ? hasLanguageData : nil
  }

  private mutating func readDescription(_ hasLanguageData: Bool) throws(ParseFailure) -> Bool {
    let bytes = description
    var reader = ByteReader(bytes.span)
    guard Int(try reader.read(UInt32.self)) + 4 == bytes.count,
      try reader.read(UInt32.self) != 0
    else { return false }
    try reader.skip(8)
    let size = try reader.readULEB128()
    guard size <= UInt64(reader.remaining) else { return false }
    // Parts without handlers have a table pointer of 0 in a CIE of parts that have them; an object
    // tells the two apart by a relocation, so the resolver is asked.
    if hasLanguageData {
      guard size >= 4 else { return false }
      pointers.append(.languageData(offset: reader.offset))
    }
    return true
  }

  /// Of the CIE and the FDE behind it.
  package var byteCount: Int { common.count + description.count }

  /// Both entries for `address`, describing the code at `code`.
  ///
  /// `resolve` gives the address that each of `pointers` means, or 0 for no language data.
  ///
  /// - Returns: `nil` if an address is not known, or out of reach (±2 GiB).
  package func placed(
    at address: UInt64, code: UInt64, resolve: (Pointer) -> UInt64? = { _ in nil }
  ) -> [UInt8]? {
    var writer = ByteWriter(common + description)
    let start = common.count
    writer.patch(UInt32(truncatingIfNeeded: start + 4), at: start + 4)
    var targets = [start + 8: code]
    for pointer in pointers {
      guard let target = resolve(pointer) else { return nil }
      switch pointer {
      case .personality(let offset, _): targets[offset] = target
      case .languageData(let offset): targets[start + offset] = target
      }
    }
    for (offset, target) in targets {
      let isNone = target == 0 && offset != start + 8
      let place = address &+ UInt64(offset)
      guard let distance = isNone ? 0 : Self.distance(from: place, to: target) else { return nil }
      writer.patch(distance, at: offset)
    }
    return writer.bytes
  }

  /// The row of `.eh_frame_hdr` at `header` for code whose placed description is at `address`.
  ///
  /// - Returns: 8 bytes: the code's and the FDE's distance from the header; `nil` out of reach.
  package func row(header: UInt64, code: UInt64, placedAt address: UInt64) -> [UInt8]? {
    let entry = address &+ UInt64(common.count)
    guard let first = Self.distance(from: header, to: code),
      let second = Self.distance(from: header, to: entry)
    else { return nil }
    var writer = ByteWriter()
    writer.append(first)
    writer.append(second)
    return writer.bytes
  }

  private static func distance(from place: UInt64, to target: UInt64) -> Int32? {
    Int32(exactly: Int64(bitPattern: target &- place))
  }
}
