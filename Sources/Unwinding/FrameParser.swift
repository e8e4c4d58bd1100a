import ByteCoding

/// Splits `.eh_frame` into descriptions; what is malformed ends the list and is not guessed at.
struct FrameParser {
  private let module: UnwindModule
  private var commons: [Int: CommonEntry] = [:]

  init(_ module: UnwindModule) { self.module = module }

  mutating func entries() -> [FrameIndex.Entry] {
    var result: [FrameIndex.Entry] = []
    let bytes = module.ehFrame
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      while reader.remaining >= 8 {
        let length: UInt32 = try reader.read()
        // Zero ends the section; 64-bit entries are made by nobody for x86-64.
        guard length != 0, length != 0xFFFF_FFFF else { break }
        let start = reader.offset
        let end = start + Int(length)
        guard end <= module.ehFrame.count else { break }
        let pointer: UInt32 = try reader.read()
        if pointer != 0 {
          let place = start - Int(pointer)
          if let entry = try description(start + 4, end, commonAt: place) { result.append(entry) }
        }
        try reader.seek(to: end)
      }
    } catch {
      return result
    }
    return result
  }

  private mutating func description(
    _ start: Int, _ end: Int, commonAt place: Int
  ) throws(ParseFailure) -> FrameIndex.Entry? {
    guard place >= 0, let common = try common(at: place) else { return nil }
    let bytes = module.ehFrame
    var reader = ByteReader(bytes.span)
    try reader.seek(to: start)
    let address = try pointer(&reader, common.pointerEncoding)
    let length = try pointer(&reader, common.pointerEncoding & 0x0F)
    if common.hasAugmentationData {
      let size = try reader.readULEB128()
      try reader.skip(Int(clamping: size))
    }
    guard reader.offset <= end, length > 0, address &+ length > address else { return nil }
    return FrameIndex.Entry(
      start: address, end: address &+ length, instructions: reader.offset..<end, common: common)
  }

  private mutating func common(at place: Int) throws(ParseFailure) -> CommonEntry? {
    if let known = commons[place] { return known }
    let bytes = module.ehFrame
    var reader = ByteReader(bytes.span)
    try reader.seek(to: place)
    let length = Int(try reader.read(UInt32.self))
    let end = place + 4 + length
    let identifier: UInt32 = try reader.read()
    guard identifier == 0, end <= module.ehFrame.count else { return nil }
    let version: UInt8 = try reader.read()
    let augmentation = try reader.readCString()
    var entry = CommonEntry()
    entry.codeAlignment = try reader.readULEB128()
    entry.dataAlignment = try reader.readSLEB128()
    entry.returnColumn =
      version == 1 ? UInt64(try reader.read(UInt8.self)) : try reader.readULEB128()
    guard try readAugmentation(augmentation, &entry, &reader) else { return nil }
    guard reader.offset <= end else { return nil }
    entry.instructions = reader.offset..<end
    commons[place] = entry
    return entry
  }

  /// False for an augmentation that is not known, whose meaning cannot be skipped safely.
  private func readAugmentation(
    _ text: String, _ entry: inout CommonEntry, _ reader: inout ByteReader
  ) throws(ParseFailure) -> Bool {
    guard text.hasPrefix("z") else { return text.isEmpty }
    entry.hasAugmentationData = true
    let size = Int(clamping: try reader.readULEB128())
    guard size <= reader.remaining else { return false }
    let end = reader.offset + size
    for character in text.dropFirst() {
      switch character {
      case "R": entry.pointerEncoding = try reader.read()
      case "L": _ = try reader.read(UInt8.self)
      case "P":
        let encoding: UInt8 = try reader.read()
        _ = try pointer(&reader, encoding)
      case "S": entry.isSignalFrame = true
      default: return false
      }
    }
    try reader.seek(to: end)
    return true
  }

  /// A pointer in one of the `DW_EH_PE_` encodings that make sense without a data base.
  private func pointer(_ reader: inout ByteReader, _ encoding: UInt8) throws(ParseFailure) -> UInt64
  {
    let place = module.ehFrameAddress &+ UInt64(reader.offset)
    let value: UInt64
    switch encoding & 0x0F {
    case 0x00, 0x04, 0x0C: value = try reader.read()
    case 0x01: value = try reader.readULEB128()
    case 0x02: value = UInt64(try reader.read(UInt16.self))
    case 0x03: value = UInt64(try reader.read(UInt32.self))
    case 0x09: value = UInt64(bitPattern: try reader.readSLEB128())
    case 0x0A: value = UInt64(bitPattern: Int64(try reader.read(Int16.self)))
    case 0x0B: value = UInt64(bitPattern: Int64(try reader.read(Int32.self)))
    default: throw .numberTooLarge(atByte: reader.offset)
    }
    switch encoding & 0x70 {
    case 0x00: return value
    case 0x10: return value == 0 ? 0 : place &+ value
    default: throw .numberTooLarge(atByte: reader.offset)
    }
  }
}
