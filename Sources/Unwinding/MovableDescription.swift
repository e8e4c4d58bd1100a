import ByteCoding

/// A CIE and an FDE as they stand in an object file, to be placed anew for code that was moved.
///
/// Every pointer in them is relative to its own place or is relocated, so none can be copied as it
/// is (LSB "Exception Frames"). Only the pointer forms that gcc uses for x86-64 are taken: the code's
/// in four bytes relative to its place, the others also in eight, or absolute in four; the personality
/// routine's may be indirect.
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

  private var forms: [Pointer: Form] = [:]
  /// Of the pointer that each FDE has, if one has.
  private var languageDataForm: Form?

  /// `DW_EH_PE` values without `DW_EH_PE_indirect`.
  private enum Form: UInt8 {
    case absolute4 = 0x03
    case relative4 = 0x1B
    case relative8 = 0x1C

    var byteCount: Int { self == .relative8 ? 8 : 4 }
  }

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
      case "R": isRelative = try reader.readByte() == Form.relative4.rawValue
      case "S": break
      case "L":
        let encoding = try reader.readByte()
        languageDataForm = Form(rawValue: encoding)
        guard languageDataForm != nil || encoding == Self.omitted else { return nil }
        hasLanguageData = encoding != Self.omitted
      case "P":
        let encoding = try reader.readByte()
        guard let form = Form(rawValue: encoding & ~Self.indirect) else { return nil }
        let pointer = Pointer.personality(
          offset: reader.offset, isIndirect: encoding & Self.indirect != 0)
        pointers.append(pointer)
        forms[pointer] = form
        try reader.skip(form.byteCount)
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
      guard size >= languageDataForm?.byteCount ?? 4 else { return false }
      let pointer = Pointer.languageData(offset: reader.offset)
      pointers.append(pointer)
      forms[pointer] = languageDataForm
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
    guard let distance = Self.distance(from: address &+ UInt64(start + 8), to: code) else {
      return nil
    }
    writer.patch(distance, at: start + 8)
    for pointer in pointers {
      let offset =
        switch pointer {
        case .personality(let offset, _): offset
        case .languageData(let offset): start + offset
        }
      guard let target = resolve(pointer), let form = forms[pointer],
        Self.patch(&writer, offset, form, target, place: address &+ UInt64(offset))
      else { return nil }
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

  /// Writes a pointer; false if its form cannot hold it.
  ///
  /// No language data is 0 in every form.
  private static func patch(
    _ writer: inout ByteWriter, _ offset: Int, _ form: Form, _ target: UInt64, place: UInt64
  ) -> Bool {
    switch form {
    case .absolute4:
      guard let value = UInt32(exactly: target) else { return false }
      writer.patch(value, at: offset)
    case .relative8: writer.patch(target == 0 ? 0 : target &- place, at: offset)
    case .relative4:
      guard let distance = target == 0 ? 0 : distance(from: place, to: target) else { return false }
      writer.patch(distance, at: offset)
    }
    return true
  }

  private static func distance(from place: UInt64, to target: UInt64) -> Int32? {
    Int32(exactly: Int64(bitPattern: target &- place))
  }
}
