import ObjectModel
import Unwinding

/// The frame descriptions of one object, by the code that they describe.
struct FrameDescriptions {
  /// A description, and where its parts stand in `.eh_frame`.
  struct Found {
    var description: MovableDescription
    fileprivate var common: Int
    fileprivate var start: Int
  }

  private struct Place: Hashable {
    var section: SectionID
    var offset: Int64
  }

  private let bytes: [UInt8]
  private let relocations: [Int: Relocation]
  /// Of each FDE, and of its CIE, in `.eh_frame`.
  private var entries: [Place: (description: Range<Int>, common: Int)] = [:]

  init(_ object: ObjectFile) {
    guard let frame = object.section(named: ".eh_frame") else {
      bytes = []
      relocations = [:]
      return
    }
    bytes = object[frame].contents
    relocations = Dictionary(
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

  /// The description of some code; `nil` if there is none that can be moved.
  func description(of code: Injection.PlacedCode) -> Found? {
    let place = Place(section: code.section, offset: Int64(code.offset))
    guard let (range, start) = entries[place], start >= 0, start + 4 <= bytes.count else {
      return nil
    }
    let end = start + 4 + Int(word(start))
    guard end <= bytes.count else { return nil }
    return MovableDescription(
      common: Array(bytes[start..<end]), description: Array(bytes[range])
    ).map { Found(description: $0, common: start, start: range.lowerBound) }
  }

  /// What a pointer of a description refers to; `nil` for none.
  func relocation(of pointer: MovableDescription.Pointer, in found: Found) -> Relocation? {
    switch pointer {
    case .personality(let offset, _): relocations[found.common + offset]
    case .languageData(let offset): relocations[found.start + offset]
    }
  }
}
