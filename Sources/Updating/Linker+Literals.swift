import ObjectModel
import Relinking
import VersionSpace

extension Linker {
  /// Where the content `offset` bytes into a section without data lies in the arena.
  ///
  /// A string or a mergeable constant is kept once for equal content; any other section is placed
  /// whole, once for each time the code that refers to it is placed, since it may refer back.
  mutating func literal(
    unit: Int, section id: SectionID, offset: Int64, _ chunk: Chunk
  ) throws(LinkFailure) -> TraceeAddress {
    let section = index.image.object(of: unit)[id]
    if section.flags.contains(.mergeable), section.relocations.isEmpty,
      let content = LiteralContent(section: section, offset: offset)
    {
      return try shared(content, alignment: section.alignment)
    }
    guard section.isAllocated, !section.isExecutable else {
      throw .malformed("\(chunk.user): refers to unnamed code in \(section.name)")
    }
    guard !section.flags.contains(.writable) || section.name.hasPrefix(".data.rel.ro") else {
      throw .malformed("\(chunk.user): refers to \(section.name), which has no debug information")
    }
    let placed = PlacedLiteral(unit: unit, section: id)
    if let known = placedLiterals[placed] { return advanced(known, offset) }
    let address = try model.data.allocate(
      UInt64(max(section.byteCount, 1)), alignment: max(section.alignment, 8), named: .data)
    placedLiterals[placed] = address
    try fill(
      Chunk(
        unit: unit, section: id, offset: 0, byteCount: UInt64(section.byteCount), isCode: false,
        user: chunk.user), at: address)
    return advanced(address, offset)
  }

  private func advanced(_ address: TraceeAddress, _ offset: Int64) -> TraceeAddress {
    TraceeAddress(rawValue: address.rawValue &+ UInt64(bitPattern: offset))
  }

  private mutating func shared(
    _ content: LiteralContent, alignment: UInt64
  ) throws(LinkFailure) -> TraceeAddress {
    let key = ContentKey([UInt8(truncatingIfNeeded: alignment)] + content.bytes)
    if let known = model.literals[key] { return advanced(known, content.distance) }
    let address = try model.data.allocate(
      UInt64(content.bytes.count), alignment: max(alignment, 1), named: .data)
    injection.writes.append(Injection.Write(address: address, bytes: content.bytes))
    model.literals[key] = address
    return advanced(address, content.distance)
  }
}

/// One element of a mergeable section (gABI `SHF_MERGE`).
struct LiteralContent {
  var bytes: [UInt8]
  /// From the element's start to the address that was asked for.
  var distance: Int64

  /// The string that starts at `offset`, or the constant that contains it; `nil` if outside.
  init?(section: Section, offset: Int64) {
    let size = max(1, Int(clamping: section.entrySize))
    guard size <= section.contents.count, offset >= 0, offset < Int64(section.contents.count)
    else { return nil }
    let start = Int(offset)
    guard section.flags.contains(.strings) else {
      let first = start / size * size
      guard first + size <= section.contents.count else { return nil }
      bytes = Array(section.contents[first..<(first + size)])
      distance = Int64(start - first)
      return
    }
    var end = start
    while end + size <= section.contents.count,
      section.contents[end..<(end + size)].contains(where: { $0 != 0 })
    {
      end += size
    }
    guard end + size <= section.contents.count else { return nil }
    bytes = Array(section.contents[start..<(end + size)])
    distance = 0
  }
}
