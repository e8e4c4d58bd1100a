import ByteCoding
import Glibc
package import ObjectModel

/// Reads ELF files into the model.
package enum ELFReader {
  /// A relocatable x86-64 object.
  ///
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - name: the file's name, for messages.
  /// - Returns: the object.
  /// - Throws: what is wrong with the file; never traps on any input.
  package static func object(_ bytes: [UInt8], name: String) throws(ELFFailure) -> ObjectFile {
    let handle = try ELFHandle(bytes, file: name)
    guard handle.type == 1 else { throw .wrongKind(file: name, found: kindName(handle.type)) }
    var reader = ObjectReader(file: name, raw: try handle.sections(withContents: true))
    try reader.read()
    return reader.object
  }

  package static func object(atPath path: String) throws(ELFFailure) -> ObjectFile {
    try object(try bytes(atPath: path), name: path)
  }

  /// The whole contents of a file.
  package static func bytes(atPath path: String) throws(ELFFailure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, code: errno) }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var status = stat()
    if unsafe fstat(descriptor, &status) == 0 { result.reserveCapacity(Int(status.st_size)) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0 { throw .unreadable(file: path, code: errno) }
      if count == 0 { return result }
      result.append(contentsOf: buffer[0..<count])
    }
  }

  static func kindName(_ type: UInt16) -> String {
    switch type {
    case 1: "a relocatable object"
    case 2: "an executable"
    case 3: "a position-independent executable or shared object"
    case 4: "a core file"
    default: "an ELF file of type \(type)"
    }
  }
}

/// Folds libelf's sections into an `ObjectFile`.
private struct ObjectReader {
  let file: String
  let raw: [ELFHandle.RawSection]
  /// The model's section of each ELF section index.
  var ids: [Int: SectionID] = [:]
  var object = ObjectFile()

  init(file: String, raw: [ELFHandle.RawSection]) {
    self.file = file
    self.raw = raw
  }

  mutating func read() throws(ELFFailure) {
    for (number, section) in raw.enumerated() where !Self.isTable(section) {
      ids[number + 1] = object.append(
        Section(
          name: section.name, type: Self.type(section.type),
          flags: SectionFlags(rawValue: section.flags).subtracting(.infoLink),
          address: section.address, alignment: section.alignment, entrySize: section.entrySize,
          contents: section.contents, byteCount: Int(clamping: section.byteCount)))
    }
    try readSymbols()
    try readTables()
  }

  private mutating func readTables() throws(ELFFailure) {
    for (number, section) in raw.enumerated() {
      if section.type == 4 { try readRelocations(section) }
      if section.type == 9 { throw .malformed(file: file, what: "relocations without addends") }
      if section.type == 17 { try readGroup(section) }
      if section.flags & SectionFlags.linkOrder.rawValue != 0, let id = ids[number + 1] {
        object[id].linkedSection = ids[Int(section.link)]
      }
    }
  }

  /// Symbol, string, relocation, group and index tables: the writer makes them.
  private static func isTable(_ section: ELFHandle.RawSection) -> Bool {
    switch section.type {
    case 2, 4, 17, 18: true
    case 3: section.flags & SectionFlags.allocated.rawValue == 0
    default: false
    }
  }

  private static func type(_ number: UInt32) -> SectionType {
    switch number {
    case 1: .progbits
    case 7: .note
    case 8: .nobits
    case 14: .initArray
    case 15: .finiArray
    case 16: .preinitArray
    default: .other(number)
    }
  }

  private mutating func readSymbols() throws(ELFFailure) {
    guard let table = raw.first(where: { $0.type == 2 }) else { return }
    guard table.entrySize == 24, table.contents.count % 24 == 0,
      raw.indices.contains(Int(table.link) - 1)
    else { throw .malformed(file: file, what: "the symbol table") }
    let strings = raw[Int(table.link) - 1].contents
    let extended = raw.first(where: { $0.type == 18 }).map(\.contents) ?? []
    for index in 1..<max(1, table.contents.count / 24) {
      object.symbols.append(
        try symbol(table.contents, index, strings: strings, extended: extended))
    }
  }

  private func symbol(
    _ bytes: [UInt8], _ index: Int, strings: [UInt8], extended: [UInt8]
  ) throws(ELFFailure) -> Symbol {
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      try reader.seek(to: index * 24)
      let nameOffset = Int(try reader.read(UInt32.self))
      let info: UInt8 = try reader.read()
      let other: UInt8 = try reader.read()
      let section: UInt16 = try reader.read()
      let value: UInt64 = try reader.read()
      let size: UInt64 = try reader.read()
      var place = Symbol.Place.undefined
      if section == 0xFFFF {
        var indices = ByteReader(extended.span)
        try indices.seek(to: index * 4)
        place = try self.place(inSection: Int(try indices.read(UInt32.self)))
      } else {
        place = try self.place(section)
      }
      var names = ByteReader(strings.span)
      try names.seek(to: nameOffset)
      let name = nameOffset == 0 ? "" : try names.readCString()
      guard let binding = Symbol.Binding(rawValue: info >> 4),
        let kind = Symbol.Kind(rawValue: info & 0xF),
        let visibility = Symbol.Visibility(rawValue: other & 3)
      else { throw ParseFailure.truncated(atByte: index * 24, needed: 24) }
      return Symbol(
        name: name, binding: binding, type: kind, visibility: visibility,
        place: place, value: value, byteCount: size)
    } catch {
      throw .malformed(file: file, what: "symbol \(index)")
    }
  }

  private func place(_ section: UInt16) throws(ParseFailure) -> Symbol.Place {
    switch section {
    case 0: .undefined
    case 0xFFF1: .absolute
    case 0xFFF2: .common
    default: try place(inSection: Int(section))
    }
  }

  private func place(inSection section: Int) throws(ParseFailure) -> Symbol.Place {
    if let id = ids[section] { return .section(id) }
    // A group's signature may lie in the group's own section (gas, for the macros of -g3); the
    // writer puts it back there.
    guard raw.indices.contains(section - 1), raw[section - 1].type == 17 else {
      throw .truncated(atByte: section, needed: 1)
    }
    return .absolute
  }

  private mutating func readRelocations(_ table: ELFHandle.RawSection) throws(ELFFailure) {
    guard let target = ids[Int(table.info)] else { return }
    guard table.entrySize == 24, table.contents.count % 24 == 0 else {
      throw .malformed(file: file, what: table.name)
    }
    let size = Self.byteCountWhenLoaded(object[target])
    var relocations: [Relocation] = []
    relocations.reserveCapacity(table.contents.count / 24)
    do throws(ParseFailure) {
      var reader = ByteReader(table.contents.span)
      while reader.remaining > 0 {
        let offset: UInt64 = try reader.read()
        let type: UInt32 = try reader.read()
        let symbol = Int(try reader.read(UInt32.self))
        let addend: Int64 = try reader.read()
        let relocation = Relocation(
          offset: offset, type: RelocationType(rawValue: type),
          symbol: symbol == 0 ? nil : SymbolID(rawValue: symbol - 1), addend: addend)
        let (end, overflow) = offset.addingReportingOverflow(
          UInt64(relocation.type.fieldByteCount ?? 1))
        guard symbol <= object.symbols.count, !overflow, end <= size else {
          throw .truncated(atByte: reader.offset, needed: symbol)
        }
        relocations.append(relocation)
      }
    } catch {
      throw .malformed(file: file, what: table.name)
    }
    object[target].relocations.append(contentsOf: relocations)
    object[target].relocations.sort { $0.offset < $1.offset }
  }

  /// Relocations of a compressed section count in what it holds, whose size its header names (gABI
  /// "Section Compression").
  private static func byteCountWhenLoaded(_ section: Section) -> UInt64 {
    if section.name.hasPrefix(".zdebug_") { return .max }
    guard section.flags.contains(.compressed), section.contents.count >= 24 else {
      return UInt64(section.contents.count)
    }
    return (0..<8).reduce(0) { $0 | UInt64(section.contents[8 + $1]) << UInt64(8 * $1) }
  }

  private mutating func readGroup(_ table: ELFHandle.RawSection) throws(ELFFailure) {
    let signature = Int(table.info) - 1
    guard object.symbols.indices.contains(signature), table.contents.count % 4 == 0,
      table.contents.count >= 4
    else { throw .malformed(file: file, what: table.name) }
    let words: [UInt32] = stride(from: 0, to: table.contents.count, by: 4).map { offset in
      var word: UInt32 = 0
      for byte in 0..<4 { word |= UInt32(table.contents[offset + byte]) << UInt32(8 * byte) }
      return word
    }
    object.groups.append(
      SectionGroup(
        signature: SymbolID(rawValue: signature), isCOMDAT: words[0] & 1 != 0,
        members: words.dropFirst().compactMap { ids[Int($0)] }))
  }
}
