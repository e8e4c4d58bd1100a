import CLibdwarf
package import TypeModel

/// Reads the debug information of a linked program.
package enum DWARFReader {
  /// The program's units, with types that several units share given once.
  ///
  /// - Throws: `.unreadable` when the file is none that libdwarf opens, `.missing` when it has no
  ///   debug information, `.malformed`.
  package static func read(path: String) throws(DWARFFailure) -> DebugInformation {
    let session = try DWARFSession(path: path)
    var graph = TypeGraph()
    var units: [DebugInformation.Unit] = []
    while let entry = try session.nextUnit() {
      guard entry.tag == DW_TAG_compile_unit else { continue }
      var reader = UnitReader(entry)
      units.append(reader.unit(&graph))
    }
    guard !units.isEmpty else { throw .missing(file: path) }
    return DebugInformation(units: units, types: graph).mergingTypes()
  }
}
