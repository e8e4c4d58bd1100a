/// A relocatable ELF object as editable tables (gABI chapters 4 and 5).
///
/// Relocation, symbol and string table sections do not appear among `sections`: relocations belong
/// to the section they apply to, and the writer makes the tables. Passes append; they never remove
/// or reorder sections or symbols, so ids stay valid for the life of the value.
package struct ObjectFile: Hashable, Sendable {
  package var kind: ObjectKind
  /// Indexed by `SectionID`; the null section is not included.
  package var sections: [Section]
  /// Indexed by `SymbolID`.
  ///
  /// The null symbol is not included. Locals need not come first here.
  package var symbols: [Symbol]
  /// Section groups (`SHT_GROUP`), kept as they were.
  package var groups: [SectionGroup]

  package init(
    kind: ObjectKind = .relocatable, sections: [Section] = [], symbols: [Symbol] = [],
    groups: [SectionGroup] = []
  ) {
    self.kind = kind
    self.sections = sections
    self.symbols = symbols
    self.groups = groups
  }

  package subscript(_ id: SectionID) -> Section {
    get { sections[id.rawValue] }
    set { sections[id.rawValue] = newValue }
  }

  package subscript(_ id: SymbolID) -> Symbol {
    get { symbols[id.rawValue] }
    set { symbols[id.rawValue] = newValue }
  }

  package var sectionIDs: [SectionID] { sections.indices.map(SectionID.init(rawValue:)) }
  package var symbolIDs: [SymbolID] { symbols.indices.map(SymbolID.init(rawValue:)) }

  package mutating func append(_ section: Section) -> SectionID {
    sections.append(section)
    return SectionID(rawValue: sections.count - 1)
  }

  package mutating func append(_ symbol: Symbol) -> SymbolID {
    symbols.append(symbol)
    return SymbolID(rawValue: symbols.count - 1)
  }

  /// The first section of that name.
  package func section(named name: String) -> SectionID? {
    sections.firstIndex { $0.name == name }.map(SectionID.init(rawValue:))
  }
}

package enum ObjectKind: String, Hashable, Sendable { case relocatable, executable, sharedObject }

package struct SectionID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

package struct SymbolID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One section and what is relocated in it.
package struct Section: Hashable, Sendable {
  package var name: String
  package var type: SectionType
  package var flags: SectionFlags
  /// The link address; 0 in a relocatable object.
  package var address: UInt64
  package var alignment: UInt64
  package var entrySize: UInt64
  /// Empty when `type` is `.nobits`.
  package var contents: [UInt8]
  /// The size in memory, in bytes; equals `contents.count` unless `type` is `.nobits`.
  package var byteCount: Int
  /// Sorted by offset.
  package var relocations: [Relocation]
  /// What `sh_link` names, for `SHF_LINK_ORDER` sections.
  package var linkedSection: SectionID?

  package init(
    name: String, type: SectionType, flags: SectionFlags, address: UInt64 = 0,
    alignment: UInt64 = 1,
    entrySize: UInt64 = 0, contents: [UInt8] = [], byteCount: Int? = nil,
    relocations: [Relocation] = [], linkedSection: SectionID? = nil
  ) {
    self.name = name
    self.type = type
    self.flags = flags
    self.address = address
    self.alignment = alignment
    self.entrySize = entrySize
    self.contents = contents
    self.byteCount = byteCount ?? contents.count
    self.relocations = relocations
    self.linkedSection = linkedSection
  }

  package var isAllocated: Bool { flags.contains(.allocated) }
  package var isExecutable: Bool { flags.contains(.executable) }
  /// Whether the program cannot write to it once it runs.
  package var isConstant: Bool { !flags.contains(.writable) || name.hasPrefix(".data.rel.ro") }
}

/// A section's `sh_type`; types that no pass looks at keep their number.
package enum SectionType: Hashable, Sendable {
  case progbits, nobits, note, initArray, finiArray, preinitArray
  case other(UInt32)
}

/// A section's `sh_flags`.
package struct SectionFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static let writable = SectionFlags(rawValue: 0x1)
  package static let allocated = SectionFlags(rawValue: 0x2)
  package static let executable = SectionFlags(rawValue: 0x4)
  package static let mergeable = SectionFlags(rawValue: 0x10)
  package static let strings = SectionFlags(rawValue: 0x20)
  package static let infoLink = SectionFlags(rawValue: 0x40)
  package static let linkOrder = SectionFlags(rawValue: 0x80)
  package static let grouped = SectionFlags(rawValue: 0x200)
  package static let threadLocal = SectionFlags(rawValue: 0x400)
  package static let compressed = SectionFlags(rawValue: 0x800)
  package static let retained = SectionFlags(rawValue: 0x20_0000)
}

package struct SectionGroup: Hashable, Sendable {
  package var signature: SymbolID
  package var isCOMDAT: Bool
  package var members: [SectionID]
  package init(signature: SymbolID, isCOMDAT: Bool, members: [SectionID]) {
    self.signature = signature
    self.isCOMDAT = isCOMDAT
    self.members = members
  }
}
