import ByteCoding
package import ObjectModel
package import VersionSpace

/// Sixteen bytes that tell embedded objects apart: a digest of the object's own copy.
package struct ObjectIdentity: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(of content: [UInt8]) {
    var first: UInt64 = 0xCBF2_9CE4_8422_2325
    var second: UInt64 = 0x9AE1_6A3B_2F90_404F
    for byte in content {
      first = (first ^ UInt64(byte)) &* 0x100_0000_01B3
      second = (second &+ UInt64(byte)) &* 0x9FB2_1C65_1E98_DF25
      second ^= second >> 31
    }
    var writer = ByteWriter()
    writer.append(first)
    writer.append(second)
    bytes = writer.bytes
  }

  init(bytes: [UInt8]) { self.bytes = bytes }
}

/// The copy of a rewritten object that travels inside it: what an update needs, without debug
/// information.
package struct EmbeddedCopy: Sendable {
  package var object: ObjectFile
  /// The original's section of each section of the copy.
  package var origins: [SectionID]

  package init(of original: ObjectFile) {
    var copy = ObjectFile()
    var moved: [SectionID: SectionID] = [:]
    var origins: [SectionID] = []
    for id in original.sectionIDs
    where original[id].isAllocated || original[id].name == PreparedName.objectNote {
      moved[id] = copy.append(original[id])
      origins.append(id)
    }
    for symbol in original.symbols {
      var symbol = symbol
      if case .section(let section) = symbol.place {
        symbol.place = moved[section].map(Symbol.Place.section) ?? .absolute
      }
      _ = copy.append(symbol)
    }
    for id in copy.sectionIDs {
      copy[id].linkedSection = copy[id].linkedSection.flatMap { moved[$0] }
      copy[id].flags.remove(.grouped)
    }
    object = copy
    self.origins = origins
  }
}

/// `.pup_object`: embedded copies, one behind the other as the linker concatenates them.
package enum EmbeddedObjects {
  private static let magic: UInt64 = 0x31_4A42_4F50_5550  // "PUPOBJ1"

  package struct Entry: Hashable, Sendable {
    package var identity: ObjectIdentity
    package var byteCount: Int
    package var compressed: [UInt8]
  }

  /// One section's contents; a multiple of 8 bytes.
  package static func section(
    identity: ObjectIdentity, byteCount: Int, compressed: [UInt8]
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(magic)
    writer.append(contentsOf: identity.bytes)
    writer.append(UInt64(byteCount))
    writer.append(UInt64(compressed.count))
    writer.append(contentsOf: compressed)
    writer.align(to: 8)
    return writer.bytes
  }

  package static func parse(_ bytes: [UInt8]) throws(EmbeddingFailure) -> [Entry] {
    var entries: [Entry] = []
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      while reader.remaining >= 8 {
        let word: UInt64 = try reader.read()
        if word == 0 { continue }
        guard word == magic else { throw ParseFailure.truncated(atByte: reader.offset, needed: 8) }
        let identity = ObjectIdentity(bytes: try reader.readBytes(16))
        let size = Int(clamping: try reader.read(UInt64.self))
        let compressed = try reader.readBytes(Int(clamping: try reader.read(UInt64.self)))
        try reader.skip((8 - reader.offset % 8) % 8)
        entries.append(Entry(identity: identity, byteCount: size, compressed: compressed))
      }
    } catch {
      throw .malformed(PreparedName.embeddedObject)
    }
    return entries
  }
}

/// `.debug_pup`: a relocated word per section of the embedded copy, by which the linker itself says
/// where each section went; 0 for one that was dropped.
package enum Placements {
  private static let magic: UInt64 = 0x31_434C_5050_5550  // "PUPPLC1"

  /// Adds the section to an object, and the section symbols that it needs.
  ///
  /// `copy` is the object's embedded copy, whose section ids are recorded.
  package static func append(
    to object: inout ObjectFile, copy: EmbeddedCopy, identity: ObjectIdentity
  ) {
    var writer = ByteWriter()
    var relocations: [Relocation] = []
    var symbols = object.sectionSymbols()
    let placed = copy.object.sectionIDs.filter { isPlaced(copy.object[$0]) }
    writer.append(magic)
    writer.append(contentsOf: identity.bytes)
    writer.append(UInt64(placed.count))
    for id in placed {
      writer.append(UInt64(id.rawValue))
      let origin = copy.origins[id.rawValue]
      let symbol =
        symbols[origin]
        ?? object.append(
          Symbol(name: "", binding: .local, type: .section, place: .section(origin)))
      symbols[origin] = symbol
      relocations.append(
        Relocation(
          offset: UInt64(writer.bytes.count), type: .absolute64, symbol: symbol, addend: 0))
      writer.append(UInt64(0))
    }
    _ = object.append(
      Section(
        name: PreparedName.placements, type: .progbits, flags: [], alignment: 8,
        contents: writer.bytes, relocations: relocations))
  }

  /// Sections that the linker keeps as they are: not merged, not rewritten, not thread-local.
  private static func isPlaced(_ section: Section) -> Bool {
    guard section.isAllocated, section.byteCount > 0 else { return false }
    guard section.flags.isDisjoint(with: [.mergeable, .threadLocal]) else { return false }
    return section.type != .note && !section.name.hasPrefix(".eh_frame")
  }

  /// Reads the section of a linked program.
  package static func parse(
    _ bytes: [UInt8]
  ) throws(EmbeddingFailure) -> [ObjectIdentity: [SectionID: LinkAddress]] {
    var result: [ObjectIdentity: [SectionID: LinkAddress]] = [:]
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      while reader.remaining >= 8 {
        let word: UInt64 = try reader.read()
        if word == 0 { continue }
        guard word == magic else { throw ParseFailure.truncated(atByte: reader.offset, needed: 8) }
        let identity = ObjectIdentity(bytes: try reader.readBytes(16))
        let count = Int(clamping: try reader.read(UInt64.self))
        guard count <= reader.remaining / 16 else {
          throw ParseFailure.truncated(atByte: reader.offset, needed: count)
        }
        var placements: [SectionID: LinkAddress] = [:]
        for _ in 0..<count {
          let section = SectionID(rawValue: Int(clamping: try reader.read(UInt64.self)))
          let address: UInt64 = try reader.read()
          if address != 0 { placements[section] = LinkAddress(rawValue: address) }
        }
        result[identity] = placements
      }
    } catch {
      throw .malformed(PreparedName.placements)
    }
    return result
  }
}

extension ObjectFile {
  /// The section symbol of each section that has one.
  func sectionSymbols() -> [SectionID: SymbolID] {
    var result: [SectionID: SymbolID] = [:]
    for id in symbolIDs where self[id].type == .section {
      if case .section(let section) = self[id].place { result[section] = id }
    }
    return result
  }
}
