import ByteCoding
package import ObjectModel

/// Writes relocatable objects.
package enum ELFWriter {
  /// The ELF file for `object`.
  ///
  /// More sections than 16 bits can number are written by extended numbering (gABI "ELF Header",
  /// `e_shnum`).
  ///
  /// - Throws: `.unwritable` when `object` is not relocatable.
  package static func bytes(of object: ObjectFile, name: String) throws(ELFFailure) -> [UInt8] {
    guard object.kind == .relocatable else {
      throw .unwritable(file: name, what: "\(object.kind.rawValue) files")
    }
    var layout = ObjectLayout(object)
    layout.build()
    return layout.file()
  }
}

/// Turns the model's tables into ELF sections: model sections first, then groups, relocations,
/// symbols and strings.
private struct ObjectLayout {
  let object: ObjectFile
  var sections: [Output] = [Output(name: "", type: 0)]
  var symbolOrder: [Int] = []
  /// The ELF symbol index of each model symbol.
  var symbolNumber: [Int] = []

  struct Output {
    var name: String
    var type: UInt32
    var flags: UInt64 = 0
    var link = 0
    var info = 0
    var alignment: UInt64 = 1
    var entrySize: UInt64 = 0
    var contents: [UInt8] = []
    var byteCount: Int?
  }

  init(_ object: ObjectFile) {
    self.object = object
    let indices = object.symbols.indices
    symbolOrder =
      indices.filter { object.symbols[$0].binding == .local }
      + indices.filter { object.symbols[$0].binding != .local }
    symbolNumber = Array(repeating: 0, count: object.symbols.count)
    for (number, index) in symbolOrder.enumerated() { symbolNumber[index] = number + 1 }
  }

  mutating func build() {
    let groupCount = object.groups.count
    let firstSection = 1 + groupCount
    let relocated = object.sectionIDs.filter { !object[$0].relocations.isEmpty }
    let symbolTable = firstSection + object.sections.count + relocated.count
    let relocationNumber = Dictionary(
      uniqueKeysWithValues: relocated.enumerated().map {
        ($0.element, firstSection + object.sections.count + $0.offset)
      })
    for group in object.groups {
      sections.append(
        groupSection(group, firstSection, relocationNumber, symbolTable: symbolTable))
    }
    for section in object.sections { sections.append(Self.output(section, firstSection)) }
    for id in relocated { sections.append(relocationSection(id, firstSection, symbolTable)) }
    appendSymbols(firstSection)
  }

  private func groupSection(
    _ group: SectionGroup, _ first: Int, _ relocations: [SectionID: Int], symbolTable: Int
  ) -> Output {
    var writer = ByteWriter()
    writer.append(UInt32(group.isCOMDAT ? 1 : 0))
    for member in group.members {
      writer.append(UInt32(first + member.rawValue))
      if let table = relocations[member] { writer.append(UInt32(table)) }
    }
    return Output(
      name: ".group", type: 17, link: symbolTable,
      info: symbolNumber[group.signature.rawValue], alignment: 4, entrySize: 4,
      contents: writer.bytes)
  }

  private static func output(_ section: Section, _ first: Int) -> Output {
    Output(
      name: section.name, type: number(of: section.type), flags: section.flags.rawValue,
      link: section.linkedSection.map { first + $0.rawValue } ?? 0, alignment: section.alignment,
      entrySize: section.entrySize, contents: section.contents, byteCount: section.byteCount)
  }

  private static func number(of type: SectionType) -> UInt32 {
    switch type {
    case .progbits: 1
    case .note: 7
    case .nobits: 8
    case .initArray: 14
    case .finiArray: 15
    case .preinitArray: 16
    case .other(let number): number
    }
  }

  private func relocationSection(_ id: SectionID, _ first: Int, _ symbolTable: Int) -> Output {
    var writer = ByteWriter()
    for relocation in object[id].relocations.sorted(by: { $0.offset < $1.offset }) {
      writer.append(relocation.offset)
      writer.append(relocation.type.rawValue)
      writer.append(UInt32(relocation.symbol.map { symbolNumber[$0.rawValue] } ?? 0))
      writer.append(relocation.addend)
    }
    let grouped = object[id].flags.intersection(.grouped).rawValue
    return Output(
      name: ".rela" + object[id].name, type: 4, flags: SectionFlags.infoLink.rawValue | grouped,
      link: symbolTable, info: first + id.rawValue, alignment: 8, entrySize: 24,
      contents: writer.bytes)
  }

  private mutating func appendSymbols(_ first: Int) {
    var strings = StringTable()
    var writer = ByteWriter([UInt8](repeating: 0, count: 24))
    // A local signature that is nowhere else belongs to its group, and goes when that is dropped.
    let groupOfSignature = Dictionary(
      object.groups.enumerated().map { ($0.element.signature.rawValue, 1 + $0.offset) },
      uniquingKeysWith: { first, _ in first })
    var indices = ByteWriter([UInt8](repeating: 0, count: 4))
    for index in symbolOrder {
      let symbol = object.symbols[index]
      writer.append(UInt32(strings.offset(of: symbol.name)))
      writer.append(symbol.binding.rawValue << 4 | symbol.type.rawValue)
      writer.append(symbol.visibility.rawValue)
      switch symbol.place {
      case .undefined: writer.append(UInt16(0))
      case .absolute where symbol.binding == .local && groupOfSignature[index] != nil:
        writer.append(UInt16(truncatingIfNeeded: groupOfSignature[index] ?? 0))
      case .absolute: writer.append(UInt16(0xFFF1))
      case .common: writer.append(UInt16(0xFFF2))
      case .section(let id):
        let number = first + id.rawValue
        writer.append(UInt16(number < Self.firstReserved ? number : 0xFFFF))
      }
      if case .section(let id) = symbol.place, first + id.rawValue >= Self.firstReserved {
        indices.append(UInt32(first + id.rawValue))
      } else {
        indices.append(UInt32(0))
      }
      writer.append(symbol.value)
      writer.append(symbol.byteCount)
    }
    let locals = object.symbols.count { $0.binding == .local }
    sections.append(
      Output(
        name: ".symtab", type: 2, link: sections.count + 1, info: locals + 1, alignment: 8,
        entrySize: 24, contents: writer.bytes))
    sections.append(Output(name: ".strtab", type: 3, contents: strings.bytes))
    guard sections.count >= Self.firstReserved else { return }
    sections.append(
      Output(
        name: ".symtab_shndx", type: 18, link: sections.count - 2, alignment: 4, entrySize: 4,
        contents: indices.bytes))
  }

  /// Header, contents, section header table.
  func file() -> [UInt8] {
    var sections = sections
    var names = StringTable()
    let nameOffsets = sections.map { names.offset(of: $0.name) } + [names.offset(of: ".shstrtab")]
    sections.append(Output(name: ".shstrtab", type: 3, contents: names.bytes))
    if sections.count >= Self.firstReserved {
      sections[0].byteCount = sections.count
      sections[0].link = sections.count - 1
    }
    var writer = ByteWriter([UInt8](repeating: 0, count: 64))
    var offsets: [Int] = []
    for section in sections {
      // An alignment is a promise about memory; in the file it would only cost room.
      writer.align(to: Int(min(max(section.alignment, 1), 64)))
      offsets.append(section.type == 0 ? 0 : writer.bytes.count)
      writer.append(contentsOf: section.contents)
    }
    writer.align(to: 8)
    let table = writer.bytes.count
    for (number, section) in sections.enumerated() {
      writer.append(UInt32(nameOffsets[number]))
      writer.append(section.type)
      writer.append(section.flags)
      writer.append(UInt64(0))
      writer.append(UInt64(offsets[number]))
      writer.append(UInt64(section.byteCount ?? section.contents.count))
      writer.append(UInt32(section.link))
      writer.append(UInt32(section.info))
      writer.append(section.type == 0 ? 0 : section.alignment)
      writer.append(section.entrySize)
    }
    return withHeader(writer.bytes, table: table, count: sections.count)
  }

  /// Section numbers from here on do not fit where 16 bits are given to them.
  private static let firstReserved = 0xFF00

  /// Whether the object uses GNU extensions, which linkers heed only if the header says so.
  private var usesExtensions: Bool {
    object.sections.contains { $0.flags.contains(.retained) }
      || object.symbols.contains { $0.type == .indirectFunction || $0.binding == .unique }
  }

  private func withHeader(_ bytes: [UInt8], table: Int, count: Int) -> [UInt8] {
    let system: UInt8 = usesExtensions ? 3 : 0
    let isExtended = count >= Self.firstReserved
    var header = ByteWriter([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, system, 0, 0, 0, 0, 0, 0, 0, 0])
    header.append(UInt16(1))
    header.append(UInt16(62))
    header.append(UInt32(1))
    header.append(UInt64(0))
    header.append(UInt64(0))
    header.append(UInt64(table))
    header.append(UInt32(0))
    header.append(UInt16(64))
    header.append(UInt16(0))
    header.append(UInt16(0))
    header.append(UInt16(64))
    header.append(UInt16(isExtended ? 0 : count))
    header.append(UInt16(isExtended ? 0xFFFF : count - 1))
    return header.bytes + bytes.dropFirst(64)
  }
}

/// A string table that keeps each string once.
private struct StringTable {
  private(set) var bytes: [UInt8] = [0]
  private var offsets: [String: Int] = ["": 0]

  mutating func offset(of string: String) -> Int {
    if let known = offsets[string] { return known }
    let offset = bytes.count
    offsets[string] = offset
    bytes += Array(string.utf8) + [0]
    return offset
  }
}
