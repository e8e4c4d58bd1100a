import ByteCoding
import ObjectModel
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

/// Makes unwind information for injected code from that of its object (design section 3, "an unwind
/// index"), and the rows by which libgcc and others find it.
enum UnwindRows {
  /// Adds the descriptions to the injection and to the model.
  static func append(
    of injection: inout Injection, to model: inout ProgramModel, index: ImageIndex
  ) throws(LinkFailure) {
    var units: [Int: FrameDescriptions] = [:]
    for code in injection.code {
      let object = index.image.object(of: code.unit)
      let descriptions = units[code.unit] ?? FrameDescriptions(object)
      units[code.unit] = descriptions
      guard let found = descriptions.description(of: code) else {
        throw .malformed(
          "\(index.image.delta.units[code.unit].path): \(object[code.section].name) has no unwind "
            + "information that can be moved (compile it with -fasynchronous-unwind-tables and "
            + "without -fexceptions)")
      }
      let address = try model.data.allocate(
        UInt64(found.byteCount), alignment: 8, named: .data)
      guard let bytes = found.placed(at: address.rawValue, code: code.address.rawValue)
      else {
        throw .malformed("\(object[code.section].name): its unwind information is out of reach")
      }
      injection.writes.append(.init(address: address, bytes: bytes))
      let end = code.address.rawValue + code.byteCount
      model.unwind.append(
        UnwindBlob(address: address, bytes: bytes, code: code.address.rawValue..<end))
    }
    model.unwind.sort { $0.code.lowerBound < $1.code.lowerBound }
  }
}

extension UnwindRows {
  /// Writes the rows of `model` that the target's index does not have yet, then their number.
  ///
  /// Rows of the arena come after the linker's, since the arena lies above all code, and by rising
  /// address, since it is handed out upwards: an unwinder that looks meanwhile sees a sorted table.
  static func write(_ model: ProgramModel, to memory: inout ProcessMemory) throws(TraceeFailure) {
    let header = model.descriptor.unwindIndex.lowerBound
    guard let base = model.unwindRowBase,
      UInt64(12 + 8 * (base + model.unwind.count)) <= UInt64(model.descriptor.unwindIndex.count)
    else { return }
    var writer = ByteWriter()
    for blob in model.unwind {
      let common = blob.bytes.count - Self.descriptionByteCount(blob.bytes)
      writer.append(UInt32(truncatingIfNeeded: blob.code.lowerBound &- header))
      writer.append(UInt32(truncatingIfNeeded: blob.address.rawValue &+ UInt64(common) &- header))
    }
    try memory.write(writer.bytes, at: TraceeAddress(rawValue: header + 12 + 8 * UInt64(base)))
    var count = ByteWriter()
    count.append(UInt32(base + model.unwind.count))
    try memory.write(count.bytes, at: TraceeAddress(rawValue: header + 8))
  }

  /// The rows that the linker made, or `nil` when the target has no index that we know.
  static func rowBase(
    _ descriptor: TargetDescriptor, _ memory: ProcessMemory
  ) throws(TraceeFailure) -> Int? {
    let bytes = try memory.bytes(
      at: TraceeAddress(rawValue: descriptor.unwindIndex.lowerBound), byteCount: 12)
    guard Array(bytes.prefix(4)) == [0x01, 0x1B, 0x03, 0x3B] else { return nil }
    return Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24
  }

  private static func descriptionByteCount(_ bytes: [UInt8]) -> Int {
    let length = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    return bytes.count - (length + 4)
  }
}

/// The frame descriptions of one object, by the code that they describe.
private struct FrameDescriptions {
  private struct Place: Hashable {
    var section: SectionID
    var offset: Int64
  }

  private let bytes: [UInt8]
  /// Of each FDE, and of its CIE, in `.eh_frame`.
  private var entries: [Place: (description: Range<Int>, common: Int)] = [:]

  init(_ object: ObjectFile) {
    guard let frame = object.section(named: ".eh_frame") else {
      bytes = []
      return
    }
    bytes = object[frame].contents
    let relocations = Dictionary(
      object[frame].relocations.map { (Int($0.offset), $0) },
      uniquingKeysWith: { first, _ in first })
    var offset = 0
    while offset + 8 <= bytes.count {
      let length = Int(word(offset))
      guard length >= 4, offset + 4 + length <= bytes.count else { break }
      let pointer = Int(word(offset + 4))
      if pointer != 0, let relocation = relocations[offset + 8], let symbol = relocation.symbol,
        case .section(let section) = object[symbol].place
      {
        let place = Place(
          section: section, offset: Int64(object[symbol].value) + relocation.addend)
        entries[place] = (offset..<(offset + 4 + length), offset + 4 - pointer)
      }
      offset += 4 + length
    }
  }

  private func word(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }

  /// The description of some code, if it needs no more than that: a personality routine would have
  /// to be found in the target.
  func description(of code: Injection.PlacedCode) -> MovableDescription? {
    let place = Place(section: code.section, offset: Int64(code.offset))
    guard let (range, start) = entries[place], start >= 0, start + 4 <= bytes.count else {
      return nil
    }
    let end = start + 4 + Int(word(start))
    guard end <= bytes.count else { return nil }
    let found = MovableDescription(
      common: Array(bytes[start..<end]), description: Array(bytes[range]))
    return found?.pointers.isEmpty == true ? found : nil
  }
}
