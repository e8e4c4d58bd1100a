import ByteCoding
package import ObjectModel

/// A finished executable or shared object: what can be read from it, and what may be changed in it
/// without moving an allocated byte.
package struct ELFProgram: Sendable {
  package let file: String
  package private(set) var bytes: [UInt8]
  package let sections: [ProgramSection]
  package let segments: [Segment]
  package let isPositionIndependent: Bool
  package let entry: UInt64

  package struct ProgramSection: Hashable, Sendable {
    package var name: String
    package var type: UInt32
    package var flags: SectionFlags
    package var address: UInt64
    package var fileOffset: UInt64
    package var byteCount: UInt64
    var link: UInt32
    var info: UInt32
    var alignment: UInt64
    var entrySize: UInt64
  }

  package struct Segment: Hashable, Sendable {
    package var type: UInt32
    package var address: UInt64
    package var fileOffset: UInt64
    package var fileByteCount: UInt64
    package var memoryByteCount: UInt64
    /// Where its header is in the file.
    var headerOffset: Int
  }

  /// - Throws: what is wrong with the file; a relocatable object is `.wrongKind`.
  package init(_ bytes: [UInt8], name: String) throws(ELFFailure) {
    let handle = try ELFHandle(bytes, file: name)
    guard handle.type == 2 || handle.type == 3 else {
      throw .wrongKind(file: name, found: ELFReader.kindName(handle.type))
    }
    file = name
    self.bytes = bytes
    isPositionIndependent = handle.type == 3
    entry = handle.entry
    sections = try handle.sections(withContents: false).map { raw in
      ProgramSection(
        name: raw.name, type: raw.type, flags: SectionFlags(rawValue: raw.flags),
        address: raw.address, fileOffset: raw.offset, byteCount: raw.byteCount, link: raw.link,
        info: raw.info, alignment: raw.alignment, entrySize: raw.entrySize)
    }
    segments = try Self.segments(bytes, name)
  }

  package init(atPath path: String) throws(ELFFailure) {
    try self.init(try ELFReader.bytes(atPath: path), name: path)
  }

  private static func segments(_ bytes: [UInt8], _ name: String) throws(ELFFailure) -> [Segment] {
    var result: [Segment] = []
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      try reader.seek(to: 32)
      let table = Int(clamping: try reader.read(UInt64.self))
      try reader.seek(to: 56)
      let count: UInt16 = try reader.read()
      for index in 0..<Int(count) {
        let (place, overflow) = table.addingReportingOverflow(index * 56)
        guard !overflow else { throw ParseFailure.truncated(atByte: index, needed: 56) }
        try reader.seek(to: place)
        let type: UInt32 = try reader.read()
        try reader.skip(4)
        let offset: UInt64 = try reader.read()
        let address: UInt64 = try reader.read()
        try reader.skip(8)
        let fileSize: UInt64 = try reader.read()
        let memorySize: UInt64 = try reader.read()
        guard
          type == 0
            || isWithin(UInt64(bytes.count), offset, fileSize)
              && isWithin(.max, address, memorySize) && (type != 1 || fileSize <= memorySize)
        else { throw ParseFailure.truncated(atByte: place, needed: 56) }
        result.append(
          Segment(
            type: type, address: address, fileOffset: offset, fileByteCount: fileSize,
            memoryByteCount: memorySize, headerOffset: place))
      }
    } catch {
      throw .truncated(file: name, what: "the program header table, or a segment,")
    }
    return result
  }

  private static func isWithin(_ end: UInt64, _ start: UInt64, _ byteCount: UInt64) -> Bool {
    let (last, overflow) = start.addingReportingOverflow(byteCount)
    return !overflow && last <= end
  }

  package func section(named name: String) -> ProgramSection? { sections.first { $0.name == name } }

  /// A section's bytes; empty for one without file contents.
  package func contents(of section: ProgramSection) -> [UInt8] {
    guard section.type != 8, section.byteCount > 0 else { return [] }
    let start = Int(section.fileOffset)
    return Array(bytes[start..<(start + Int(section.byteCount))])
  }

  /// A section's bytes as they were before the linker compressed them (gABI, "Section Compression").
  package func inflatedContents(of section: ProgramSection) throws(ELFFailure) -> [UInt8] {
    let contents = contents(of: section)
    guard section.flags.contains(.compressed) else { return contents }
    var reader = ByteReader(contents.span)
    let type: UInt32
    let byteCount: UInt64
    do throws(ParseFailure) {
      type = try reader.read()
      try reader.skip(4)
      byteCount = try reader.read()
    } catch {
      throw .malformed(file: file, what: "the compressed section \(section.name)")
    }
    guard type == 1 else {
      throw .malformed(file: file, what: "\(section.name): compressed in a way other than zlib")
    }
    return try Compression.inflate(
      Array(contents.dropFirst(24)), expectedByteCount: Int(clamping: byteCount), file: file)
  }

  /// The GNU build ID as hexadecimal digits, if the file has one.
  package var buildID: String? {
    guard let section = section(named: ".note.gnu.build-id"), section.byteCount > 16 else {
      return nil
    }
    return contents(of: section).dropFirst(16).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// The info byte of an STT_FILE symbol, which is local.
  private static let localFile: UInt8 = 4

  /// The symbols of `.symtab`, or of `.dynsym` when the file is stripped.
  package func symbols() throws(ELFFailure) -> [ProgramSymbol] {
    let stripped = sections.first { $0.type == 11 }
    guard let table = sections.first(where: { $0.type == 2 }) ?? stripped,
      table.link > 0, Int(table.link) <= sections.count
    else { return [] }
    let strings = contents(of: sections[Int(table.link) - 1])
    let entries = contents(of: table)
    var result: [ProgramSymbol] = []
    var isHidden = false
    do throws(ParseFailure) {
      var reader = ByteReader(entries.span)
      var names = ByteReader(strings.span)
      while reader.remaining >= 24 {
        let name = Int(try reader.read(UInt32.self))
        let info: UInt8 = try reader.read()
        _ = try reader.read(UInt8.self)
        let section: UInt16 = try reader.read()
        let value: UInt64 = try reader.read()
        let size: UInt64 = try reader.read()
        if info == Self.localFile { isHidden = name == 0 }
        guard section != 0, name != 0 else { continue }
        try names.seek(to: name)
        result.append(
          ProgramSymbol(
            name: try names.readCString(), isLocal: info >> 4 == 0,
            isHidden: isHidden && info >> 4 == 0,
            kind: info & 0xF, value: value, byteCount: size))
      }
    } catch {
      throw .malformed(file: file, what: "the symbol table")
    }
    return result
  }

  /// The bytes of the file that are loaded at a link address; `nil` where it has none.
  package func contents(at address: UInt64, byteCount: Int) -> [UInt8]? {
    fileOffset(of: address, byteCount: byteCount).map { Array(bytes[$0..<($0 + byteCount)]) }
  }

  private func fileOffset(of address: UInt64, byteCount: Int) -> Int? {
    let count = UInt64(byteCount)
    guard
      let segment = segments.first(where: {
        $0.type == 1 && $0.address <= address && count <= $0.fileByteCount
          && address - $0.address <= $0.fileByteCount - count
      }), segment.fileOffset <= UInt64(bytes.count)
    else { return nil }
    let start = Int(clamping: segment.fileOffset &+ (address - segment.address))
    return start <= bytes.count - byteCount ? start : nil
  }

  /// Overwrites bytes that are loaded at a link address.
  ///
  /// - Throws: `.malformed` when no file contents are loaded there.
  package mutating func patch(_ new: [UInt8], at address: UInt64) throws(ELFFailure) {
    guard let start = fileOffset(of: address, byteCount: new.count) else {
      throw .malformed(file: file, what: "nothing is loaded at 0x\(String(address, radix: 16))")
    }
    bytes.replaceSubrange(start..<(start + new.count), with: new)
  }

  /// Points `PT_GNU_EH_FRAME` to another place in memory.
  package mutating func setUnwindHeader(address: UInt64, byteCount: UInt64) {
    guard let segment = segments.first(where: { $0.type == 0x6474_E550 }) else { return }
    var writer = ByteWriter()
    writer.append(address)
    writer.append(address)
    writer.append(UInt64(0))
    writer.append(byteCount)
    let start = segment.headerOffset + 16
    bytes.replaceSubrange(start..<(start + 32), with: writer.bytes)
  }
}

/// A defined symbol of a finished program.
package struct ProgramSymbol: Hashable, Sendable {
  package var name: String
  package var isLocal: Bool
  /// Was global in its object and hidden, so that the link made it local.
  ///
  /// GNU ld puts these behind an STT_FILE symbol without a name.
  package var isHidden: Bool
  /// STT_ value.
  package var kind: UInt8
  package var value: UInt64
  package var byteCount: UInt64
}
