import ByteCoding
import ObjectModel

extension ELFProgram {
  /// A section that is not loaded.
  package struct NewSection: Sendable {
    package var name: String
    package var type: UInt32
    package var contents: [UInt8]

    /// `type` is its `sh_type`, `SHT_PROGBITS` unless stated.
    package init(name: String, type: UInt32 = 1, contents: [UInt8]) {
      self.name = name
      self.type = type
      self.contents = contents
    }
  }

  /// The file with sections added behind, and those that `isDropped` names taken away; only
  /// sections that are not loaded may be dropped.
  package func file(
    adding new: [NewSection], dropping isDropped: (String) -> Bool = { _ in false }
  ) -> [UInt8] {
    let kept = sections.indices.filter { index in
      let section = sections[index]
      if section.name == ".shstrtab" { return false }
      return section.flags.contains(.allocated) || !isDropped(section.name)
    }
    var number = [0: 0]
    for (place, index) in kept.enumerated() { number[index + 1] = place + 1 }
    var writer = ByteWriter(Array(bytes.prefix(loadedEnd)))
    var headers = ByteWriter([UInt8](repeating: 0, count: 64))
    var names = ByteWriter([0])
    for index in kept {
      var section = sections[index]
      if !section.flags.contains(.allocated) {
        writer.align(to: Int(max(1, min(section.alignment, 4096))))
        var contents = contents(of: section)
        if section.type == 2 { Self.renumber(&contents, number) }
        section.fileOffset = UInt64(writer.bytes.count)
        writer.append(contentsOf: contents)
      }
      if section.flags.contains(.infoLink) {
        section.info = UInt32(number[Int(section.info)] ?? 0)
      }
      Self.append(section, &headers, &names, link: number[Int(section.link)] ?? 0)
    }
    for section in new {
      writer.align(to: 8)
      let made = ProgramSection(
        name: section.name, type: section.type, flags: [], address: 0,
        fileOffset: UInt64(writer.bytes.count), byteCount: UInt64(section.contents.count), link: 0,
        info: 0, alignment: 8, entrySize: 0)
      writer.append(contentsOf: section.contents)
      Self.append(made, &headers, &names, link: 0)
    }
    return finish(writer, headers, names, count: kept.count + new.count + 2)
  }

  /// Gives the symbols of `table` the new numbers of their sections; those of a dropped section
  /// become absolute.
  private static func renumber(_ table: inout [UInt8], _ number: [Int: Int]) {
    for entry in stride(from: 0, to: table.count - 23, by: 24) {
      let old = Int(table[entry + 6]) | Int(table[entry + 7]) << 8
      guard old < 0xFF00 else { continue }
      let new = number[old] ?? 0xFFF1
      table[entry + 6] = UInt8(truncatingIfNeeded: new)
      table[entry + 7] = UInt8(truncatingIfNeeded: new >> 8)
    }
  }

  /// The end of what segments load, in the file.
  private var loadedEnd: Int {
    let table = segments.map { $0.headerOffset + 56 }.max() ?? 64
    let loaded = segments.filter { $0.type == 1 }.map {
      Int(clamping: $0.fileOffset.addingReportingOverflow($0.fileByteCount).partialValue)
    }
    return min(bytes.count, max(table, loaded.max() ?? 0))
  }

  private static func append(
    _ section: ProgramSection, _ headers: inout ByteWriter, _ names: inout ByteWriter, link: Int
  ) {
    headers.append(UInt32(names.bytes.count))
    names.appendCString(section.name)
    headers.append(section.type)
    headers.append(section.flags.rawValue)
    headers.append(section.address)
    headers.append(section.fileOffset)
    headers.append(section.byteCount)
    headers.append(UInt32(link))
    headers.append(section.info)
    headers.append(section.alignment)
    headers.append(section.entrySize)
  }

  private func finish(
    _ writer: ByteWriter, _ headers: ByteWriter, _ names: ByteWriter, count: Int
  ) -> [UInt8] {
    var writer = writer
    var headers = headers
    var names = names
    let offset = writer.bytes.count
    let table = ProgramSection(
      name: ".shstrtab", type: 3, flags: [], address: 0, fileOffset: UInt64(offset),
      byteCount: UInt64(names.bytes.count + 10), link: 0, info: 0, alignment: 1, entrySize: 0)
    Self.append(table, &headers, &names, link: 0)
    writer.append(contentsOf: names.bytes)
    writer.align(to: 8)
    let start = writer.bytes.count
    writer.append(contentsOf: headers.bytes)
    writer.patch(UInt64(start), at: 40)
    writer.patch(UInt16(64), at: 58)
    writer.patch(UInt16(count), at: 60)
    writer.patch(UInt16(count - 1), at: 62)
    return writer.bytes
  }
}
