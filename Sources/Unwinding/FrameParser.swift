import ByteCoding

/// Splits `.eh_frame` into descriptions; what is malformed ends the list and is not guessed at.
struct FrameParser {
  private let module: UnwindModule
  private let index: Int
  private let firstCommon: Int
  /// The CIEs found so far.
  private(set) var commons: [CommonEntry] = []
  private var knownCommons: [Int: Int?] = [:]

  /// Prepares to parse `module`, which is number `index` in the table that is built; CIEs that are
  /// found count from `firstCommon` in it.
  init(_ module: UnwindModule, index: Int, firstCommon: Int) {
    self.module = module
    self.index = index
    self.firstCommon = firstCommon
  }

  mutating func entries() -> [FrameEntry] {
    var result: [FrameEntry] = []
    let bytes = module.ehFrame
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      while reader.remaining >= 8 {
        let length: UInt32 = try reader.read()
        // Zero ends the section; 64-bit entries are made by nobody for x86-64.
        guard length >= 4, length != 0xFFFF_FFFF else { break }
        let start = reader.offset
        let end = start + Int(length)
        guard end <= bytes.count else { break }
        let pointer: UInt32 = try reader.read()
        if pointer != 0, let entry = description(start + 4, end, commonAt: start - Int(pointer)) {
          result.append(entry)
        }
        try reader.seek(to: end)
      }
    } catch {
      return result
    }
    return result
  }

  /// `nil` for an entry that makes no sense: its code then has no unwind information.
  private mutating func description(
    _ start: Int, _ end: Int, commonAt place: Int
  ) -> FrameEntry? {
    guard let known = common(at: place) else { return nil }
    let common = commons[known]
    let bytes = module.ehFrame
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      try reader.seek(to: start)
      let address = try reader.readPointer(common.pointerEncoding, in: module)
      let length = try reader.readPointer(common.pointerEncoding & 0x0F, in: module)
      if common.hasAugmentationData { try reader.skip(Int(clamping: try reader.readULEB128())) }
      guard reader.offset <= end, length > 0, address &+ length > address else { return nil }
      return FrameEntry(
        start: address, end: address &+ length,
        instructions: UInt32(reader.offset)..<UInt32(end), common: firstCommon + known)
    } catch {
      return nil
    }
  }

  /// The index in `commons` of the CIE at `place`; `nil` if it is not understood.
  private mutating func common(at place: Int) -> Int? {
    if let known = knownCommons[place] { return known }
    var result: Int?
    do throws(ParseFailure) {
      if let entry = try readCommon(at: place) {
        result = commons.count
        commons.append(entry)
      }
    } catch {
      result = nil
    }
    knownCommons[place] = .some(result)
    return result
  }

  private func readCommon(at place: Int) throws(ParseFailure) -> CommonEntry? {
    let bytes = module.ehFrame
    var reader = ByteReader(bytes.span)
    try reader.seek(to: place)
    let end = Int(try reader.read(UInt32.self)) + place + 4
    let identifier: UInt32 = try reader.read()
    guard identifier == 0, end <= bytes.count else { return nil }
    let version: UInt8 = try reader.read()
    guard version == 1 || version == 3 else { return nil }
    let augmentation = try reader.readCString()
    var entry = CommonEntry()
    entry.module = index
    entry.codeAlignment = try reader.readULEB128()
    entry.dataAlignment = try reader.readSLEB128()
    entry.returnColumn =
      version == 1 ? UInt64(try reader.read(UInt8.self)) : try reader.readULEB128()
    guard entry.returnColumn == 16, try readAugmentation(augmentation, &entry, &reader),
      reader.offset <= end
    else { return nil }
    entry.instructions = UInt32(reader.offset)..<UInt32(end)
    return entry
  }

  /// False for an augmentation that is not known, whose meaning cannot be skipped safely.
  private func readAugmentation(
    _ text: String, _ entry: inout CommonEntry, _ reader: inout ByteReader
  ) throws(ParseFailure) -> Bool {
    guard text.hasPrefix("z") else { return text.isEmpty }
    entry.hasAugmentationData = true
    let size = try reader.readULEB128()
    guard size <= UInt64(reader.remaining) else { return false }
    let end = reader.offset + Int(size)
    for character in text.dropFirst() {
      switch character {
      case "R": entry.pointerEncoding = try reader.read()
      case "L": _ = try reader.read(UInt8.self)
      case "P": try reader.skipPointer(try reader.read())
      case "S": entry.isSignalFrame = true
      default: return false
      }
    }
    guard reader.offset <= end else { return false }
    try reader.seek(to: end)
    return true
  }
}

extension ByteReader {
  /// A pointer of `module`'s `.eh_frame`, in one of the `DW_EH_PE_` encodings that make sense
  /// without a data base.
  ///
  /// - Throws: `.numberTooLarge` for any other encoding.
  mutating func readPointer(
    _ encoding: UInt8, in module: UnwindModule
  ) throws(ParseFailure) -> UInt64 {
    let start = offset
    let value = try readPointerValue(encoding)
    switch encoding & 0xF0 {
    case 0x00: return value
    case 0x10: return value == 0 ? 0 : module.ehFrameAddress &+ UInt64(start) &+ value
    default: throw .numberTooLarge(atByte: start)
    }
  }

  /// Passes over a pointer that nobody needs, whatever it is relative to.
  mutating func skipPointer(_ encoding: UInt8) throws(ParseFailure) {
    guard encoding != 0xFF else { return }
    if encoding & 0x70 == 0x50 { try skip((8 - offset % 8) % 8) }
    _ = try readPointerValue(encoding)
  }

  private mutating func readPointerValue(_ encoding: UInt8) throws(ParseFailure) -> UInt64 {
    switch encoding & 0x0F {
    case 0x00, 0x04, 0x08, 0x0C: try read()
    case 0x01: try readULEB128()
    case 0x02: UInt64(try read(UInt16.self))
    case 0x03: UInt64(try read(UInt32.self))
    case 0x09: UInt64(bitPattern: try readSLEB128())
    case 0x0A: UInt64(bitPattern: Int64(try read(Int16.self)))
    case 0x0B: UInt64(bitPattern: Int64(try read(Int32.self)))
    default: throw .numberTooLarge(atByte: offset)
    }
  }
}
