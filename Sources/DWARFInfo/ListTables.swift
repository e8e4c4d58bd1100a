import ByteCoding

/// The tables of `.debug_rnglists` and `.debug_loclists` (DWARF 5, sections 7.28 and 7.29).
package enum ListTables {
  /// Checks that each table's header fits the section.
  ///
  /// To be called before a file is read: libdwarf 20210528 frees twice, and aborts, where one does
  /// not.
  ///
  /// - Parameters:
  ///   - bytes: the section's contents, not compressed.
  ///   - section: its name, for the error.
  ///   - file: the file's, likewise.
  /// - Throws: `.malformed`, with the table's offset.
  package static func check(
    _ bytes: [UInt8], section: String, file: String
  ) throws(DWARFFailure) {
    var start = 0
    while start < bytes.count {
      guard let end = end(of: bytes, at: start) else {
        throw .malformed(
          file: file, what: "the table at 0x\(String(start, radix: 16)) of \(section)")
      }
      start = end
    }
  }

  /// Where the table that begins at `start` ends, or `nil` if its header makes no sense.
  private static func end(of bytes: [UInt8], at start: Int) -> Int? {
    var reader = ByteReader(bytes.span)
    do throws(ParseFailure) {
      try reader.seek(to: start)
      var length = UInt64(try reader.read(UInt32.self))
      var offsetSize = 4
      if length == 0xFFFF_FFFF {
        length = try reader.read(UInt64.self)
        offsetSize = 8
      }
      let body = reader.offset
      guard length >= 8, length <= UInt64(bytes.count - body), try reader.read(UInt16.self) == 5,
        [4, 8].contains(try reader.readByte()), try reader.readByte() == 0,
        (Int(length) - 8) / offsetSize >= Int(try reader.read(UInt32.self))
      else { return nil }
      return body + Int(length)
    } catch {
      return nil
    }
  }
}
