import CLibdwarf

/// Why debug information could not be read.
package enum DWARFFailure: Error, Hashable, Sendable {
  case unreadable(file: String)
  /// The file has none.
  case missing(file: String)
  case malformed(file: String, what: String)

  package var sentence: String {
    switch self {
    case .unreadable(let file): "\(file): its debug information cannot be opened"
    case .missing(let file):
      "\(file): has no debug information; compile with pupcc, and strip nothing before the link"
    case .malformed(let file, let what): "\(file): malformed debug information: \(what)"
    }
  }
}

/// An open libdwarf session; closed, with all that it handed out, when dropped.
@safe final class DWARFSession {
  let debug: Dwarf_Debug
  let file: String

  init(path: String) throws(DWARFFailure) {
    var opened: Dwarf_Debug?
    var error: Dwarf_Error?
    let status = unsafe dwarf_init_path(
      path, nil, 0, 0, 0, nil, nil, &opened, nil, 0, nil, &error)
    guard status != DW_DLV_NO_ENTRY else { throw .missing(file: path) }
    guard status == DW_DLV_OK, let opened = unsafe opened else { throw .unreadable(file: path) }
    unsafe debug = opened
    file = path
  }

  deinit {
    var error: Dwarf_Error?
    _ = unsafe dwarf_finish(debug, &error)
  }

  /// The next unit's DIE, in order; `nil` after the last.
  func nextUnit() throws(DWARFFailure) -> DebugEntry? {
    var length: Dwarf_Unsigned = 0
    var version: Dwarf_Half = 0
    var abbreviations: Dwarf_Off = 0
    var addressSize: Dwarf_Half = 0
    var lengthSize: Dwarf_Half = 0
    var extensionSize: Dwarf_Half = 0
    var signature = Dwarf_Sig8()
    var typeOffset: Dwarf_Unsigned = 0
    var next: Dwarf_Unsigned = 0
    var kind: Dwarf_Half = 0
    var error: Dwarf_Error?
    let status = unsafe dwarf_next_cu_header_d(
      debug, 1, &length, &version, &abbreviations, &addressSize, &lengthSize, &extensionSize,
      &signature, &typeOffset, &next, &kind, &error)
    if status == DW_DLV_NO_ENTRY { return nil }
    guard status == DW_DLV_OK else { throw .malformed(file: file, what: "a unit header") }
    var entry: Dwarf_Die?
    guard unsafe dwarf_siblingof_b(debug, nil, 1, &entry, &error) == DW_DLV_OK,
      let entry = unsafe entry
    else { throw .malformed(file: file, what: "a unit without an entry") }
    return unsafe DebugEntry(entry, self, UnitForm(version: Int(version), of: entry))
  }

  /// The DIE at an offset of `.debug_info`.
  func entry(at offset: UInt64, _ form: UnitForm) -> DebugEntry? {
    var entry: Dwarf_Die?
    var error: Dwarf_Error?
    guard unsafe dwarf_offdie_b(debug, offset, 1, &entry, &error) == DW_DLV_OK,
      let entry = unsafe entry
    else { return nil }
    return unsafe DebugEntry(entry, self, form)
  }
}

/// What the entries of a unit need to know of it.
struct UnitForm: Hashable, Sendable {
  /// Of DWARF.
  let version: Int
  /// To which DWARF 4's range lists are relative.
  let baseAddress: UInt64

  fileprivate init(version: Int, of entry: Dwarf_Die) {
    self.version = version
    var low: Dwarf_Addr = 0
    var error: Dwarf_Error?
    baseAddress = unsafe dwarf_lowpc(entry, &low, &error) == DW_DLV_OK ? low : 0
  }
}
