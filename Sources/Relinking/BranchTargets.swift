import ByteCoding
import ObjectModel

extension ObjectFile {
  /// Whether the object says that each indirect branch in it leads to an `endbr64` (x86-64 psABI,
  /// "Program Property": GNU_PROPERTY_X86_FEATURE_1_IBT).
  ///
  /// A program may be run with that checked only if all of its objects say so.
  var marksBranchTargets: Bool {
    guard let section = section(named: ".note.gnu.property") else { return false }
    return (try? Self.hasIBT(self[section].contents)) ?? true
  }

  /// Reads one note after the other, and in each of them its properties.
  private static func hasIBT(_ bytes: [UInt8]) throws(ParseFailure) -> Bool {
    var reader = ByteReader(bytes.span)
    while reader.remaining >= 16 {
      try reader.skip(4)
      let end = reader.offset + 12 + Int(try reader.read(UInt32.self))
      try reader.skip(8)
      while reader.offset + 8 <= end {
        let type = try reader.read(UInt32.self)
        let byteCount = Int(try reader.read(UInt32.self))
        let next = reader.offset + (byteCount + 7) / 8 * 8
        if type == 0xC000_0002, try reader.read(UInt32.self) & 1 != 0 { return true }
        try reader.seek(to: next)
      }
    }
    return false
  }
}
