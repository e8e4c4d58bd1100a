import ByteCoding

extension ELFProgram {
  /// The program interpreter (`PT_INTERP`), or `nil` for a static program.
  package var interpreter: String? {
    guard let segment = segments.first(where: { $0.type == 3 }) else { return nil }
    let start = Int(segment.fileOffset)
    let bytes = bytes[start..<(start + Int(segment.fileByteCount))]
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The libraries that the program names as `DT_NEEDED`, in its order; none for a static one.
  ///
  /// - Throws: `.malformed` when the dynamic section is not whole.
  package func neededLibraries() throws(ELFFailure) -> [String] {
    guard let table = sections.first(where: { $0.type == 6 }), table.link > 0,
      Int(table.link) <= sections.count
    else { return [] }
    let entries = contents(of: table)
    let strings = contents(of: sections[Int(table.link) - 1])
    var result: [String] = []
    do throws(ParseFailure) {
      var reader = ByteReader(entries.span)
      var names = ByteReader(strings.span)
      while reader.remaining >= 16 {
        let tag: UInt64 = try reader.read()
        let value: UInt64 = try reader.read()
        if tag == 0 { break }
        guard tag == 1 else { continue }
        try names.seek(to: Int(clamping: value))
        result.append(try names.readCString())
      }
    } catch {
      throw .malformed(file: file, what: "the dynamic section")
    }
    return result
  }
}
