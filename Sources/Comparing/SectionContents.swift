import ObjectModel

/// How the content of a section without a datum is compared.
enum LiteralKind: Hashable {
  /// Each string for itself (`.rodata.str1.1`).
  case strings
  /// Each entry for itself (`.rodata.cst8`).
  case constants
  /// From what is referred to up to the next such place: without optimisation gcc lays strings and
  /// constants one behind the other into one `.rodata`, and nothing says where each begins.
  case items
  /// Jump tables, tables that the compiler made, and the like.
  case whole

  /// `nil` for code, which is no literal.
  init?(_ section: Section) {
    guard !section.isExecutable else { return nil }
    if section.flags.isSuperset(of: [.mergeable, .strings]) {
      self = .strings
    } else if section.flags.contains(.mergeable), section.entrySize > 0 {
      self = .constants
    } else if section.name == ".rodata", section.relocations.isEmpty, section.type == .progbits {
      self = .items
    } else {
      self = .whole
    }
  }
}

extension Section {
  /// Whether only the medium or large code model reaches it (`SHF_X86_64_LARGE`).
  var isLarge: Bool { flags.rawValue & 0x1000_0000 != 0 }

  /// The string from `offset` up to its terminator; `nil` outside of the section.
  func string(at offset: Int64) -> [UInt8]? {
    guard let start = Int(exactly: offset), contents.indices.contains(start) else { return nil }
    let width = max(Int(clamping: entrySize), 1)
    var end = start
    while end + width <= contents.count, contents[end..<end + width].contains(where: { $0 != 0 }) {
      end += width
    }
    return Array(contents[start..<end])
  }

  /// The whole entry that `offset` lies in; `nil` outside of the section.
  func entry(at offset: Int64) -> ArraySlice<UInt8>? {
    guard let place = Int(exactly: offset), contents.indices.contains(place),
      let size = Int(exactly: entrySize), size > 0
    else { return nil }
    let start = place - place % size
    return contents[start..<min(start + size, contents.count)]
  }
}

/// A run of bytes of a section, with the relocations in it.
struct SectionRange {
  let section: Section
  /// From the start of the section, in bytes.
  let start: UInt64
  let byteCount: Int
  let relocations: ArraySlice<Relocation>

  /// - Precondition: the range lies in the section.
  init(_ section: Section, _ start: UInt64, _ byteCount: Int) {
    self.section = section
    self.start = start
    self.byteCount = byteCount
    relocations = section.relocations.within(start..<start + UInt64(byteCount))
  }

  /// The initial bytes; zeroes where the section has none.
  func bytes() -> [UInt8] {
    guard section.type != .nobits else { return Array(repeating: 0, count: byteCount) }
    return Array(section.contents[Int(start)..<Int(start) + byteCount])
  }

  /// The initial bytes with zeroes for what is relocated.
  func maskedBytes() -> [UInt8] {
    var bytes = bytes()
    bytes.mask(relocations, from: start)
    return bytes
  }
}

extension [UInt8] {
  /// Puts zeroes where `relocations` fill in; the array begins at `start` of their section.
  mutating func mask(_ relocations: ArraySlice<Relocation>, from start: UInt64) {
    for relocation in relocations {
      let place = Int(relocation.offset - start)
      for byte in place..<Swift.min(place + (relocation.type.fieldByteCount ?? 4), count) {
        self[byte] = 0
      }
    }
  }
}
