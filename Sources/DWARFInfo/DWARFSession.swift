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
      "\(file): has no debug information; compile it with pupcc, and do not strip it before the link"
    case .malformed(let file, let what): "\(file): malformed debug information: \(what)"
    }
  }
}

/// An open libdwarf session; closed, with all that it handed out, when dropped.
@safe final class DWARFSession {
  fileprivate let debug: Dwarf_Debug
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
    return unsafe DebugEntry(entry, self, version: Int(version))
  }

  /// The DIE at an offset of `.debug_info`.
  func entry(at offset: UInt64, version: Int) -> DebugEntry? {
    var entry: Dwarf_Die?
    var error: Dwarf_Error?
    guard unsafe dwarf_offdie_b(debug, offset, 1, &entry, &error) == DW_DLV_OK,
      let entry = unsafe entry
    else { return nil }
    return unsafe DebugEntry(entry, self, version: version)
  }
}

/// One debugging information entry.
@safe final class DebugEntry {
  private let die: Dwarf_Die
  let session: DWARFSession
  let version: Int

  init(_ die: Dwarf_Die, _ session: DWARFSession, version: Int) {
    unsafe self.die = die
    self.session = session
    self.version = version
  }

  deinit { unsafe dwarf_dealloc_die(die) }

  var tag: Int32 {
    var tag: Dwarf_Half = 0
    var error: Dwarf_Error?
    return unsafe dwarf_tag(die, &tag, &error) == DW_DLV_OK ? Int32(tag) : 0
  }

  var offset: UInt64 {
    var offset: Dwarf_Off = 0
    var error: Dwarf_Error?
    _ = unsafe dwarf_dieoffset(die, &offset, &error)
    return offset
  }

  var name: String? {
    var text: UnsafeMutablePointer<CChar>?
    var error: Dwarf_Error?
    guard unsafe dwarf_diename(die, &text, &error) == DW_DLV_OK, let text = unsafe text else {
      return nil
    }
    return unsafe String(cString: text)
  }

  var children: [DebugEntry] {
    var result: [DebugEntry] = []
    var next: Dwarf_Die?
    var error: Dwarf_Error?
    guard unsafe dwarf_child(die, &next, &error) == DW_DLV_OK else { return [] }
    while let current = unsafe next {
      unsafe result.append(DebugEntry(current, session, version: version))
      var sibling: Dwarf_Die?
      guard unsafe dwarf_siblingof_b(session.debug, current, 1, &sibling, &error) == DW_DLV_OK
      else { break }
      unsafe next = sibling
    }
    return result
  }

  /// Runs `body` with an attribute, if the entry has it.
  private func with<Value>(
    _ attribute: Int32, _ body: (Dwarf_Attribute) -> Value?
  ) -> Value? {
    var found: Dwarf_Attribute?
    var error: Dwarf_Error?
    guard unsafe dwarf_attr(die, Dwarf_Half(attribute), &found, &error) == DW_DLV_OK,
      let found = unsafe found
    else { return nil }
    defer {
      unsafe dwarf_dealloc(session.debug, UnsafeMutableRawPointer(found), UInt64(DW_DLA_ATTR))
    }
    return unsafe body(found)
  }

  func unsigned(_ attribute: Int32) -> UInt64? {
    unsafe with(attribute) { found in
      var value: Dwarf_Unsigned = 0
      var signed: Dwarf_Signed = 0
      var error: Dwarf_Error?
      if unsafe dwarf_formudata(found, &value, &error) == DW_DLV_OK { return value }
      guard unsafe dwarf_formsdata(found, &signed, &error) == DW_DLV_OK else { return nil }
      return UInt64(bitPattern: signed)
    }
  }

  /// gcc writes a negative number as `DW_FORM_sdata` and any other in the shortest `DW_FORM_data`,
  /// which libdwarf's signed reading would extend by its upper bit.
  func signed(_ attribute: Int32) -> Int64? { unsigned(attribute).map(Int64.init(bitPattern:)) }

  func string(_ attribute: Int32) -> String? {
    unsafe with(attribute) { found in
      var text: UnsafeMutablePointer<CChar>?
      var error: Dwarf_Error?
      guard unsafe dwarf_formstring(found, &text, &error) == DW_DLV_OK, let text = unsafe text
      else { return nil }
      return unsafe String(cString: text)
    }
  }

  func flag(_ attribute: Int32) -> Bool {
    unsafe with(attribute) { found in
      var value: Dwarf_Bool = 0
      var error: Dwarf_Error?
      return unsafe dwarf_formflag(found, &value, &error) == DW_DLV_OK && value != 0
    } ?? false
  }

  func reference(_ attribute: Int32) -> UInt64? {
    unsafe with(attribute) { found in
      var offset: Dwarf_Off = 0
      var error: Dwarf_Error?
      return unsafe dwarf_global_formref(found, &offset, &error) == DW_DLV_OK ? offset : nil
    }
  }

  /// The bytes of an expression; `nil` for a location list.
  func expression(_ attribute: Int32) -> [UInt8]? {
    unsafe with(attribute) { found in
      var length: Dwarf_Unsigned = 0
      var start: Dwarf_Ptr?
      var error: Dwarf_Error?
      guard unsafe dwarf_formexprloc(found, &length, &start, &error) == DW_DLV_OK,
        let start = unsafe start
      else { return nil }
      return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(length)))
    }
  }

  /// The code ranges of `DW_AT_low_pc`/`DW_AT_high_pc` or `DW_AT_ranges`, the entry's first.
  var ranges: [Range<UInt64>] {
    var low: Dwarf_Addr = 0
    var error: Dwarf_Error?
    let hasLow = unsafe dwarf_lowpc(die, &low, &error) == DW_DLV_OK
    var high: Dwarf_Addr = 0
    var form: Dwarf_Half = 0
    var kind = Dwarf_Form_Class(rawValue: 0)
    if hasLow, unsafe dwarf_highpc_b(die, &high, &form, &kind, &error) == DW_DLV_OK {
      let end = kind == DW_FORM_CLASS_CONSTANT ? low &+ high : high
      return low < end ? [low..<end] : []
    }
    return unsafe with(DW_AT_ranges) { found in unsafe rangeList(found) } ?? []
  }

  private func rangeList(_ attribute: Dwarf_Attribute) -> [Range<UInt64>]? {
    var form: Dwarf_Half = 0
    var error: Dwarf_Error?
    var value: Dwarf_Unsigned = 0
    guard version >= 5, unsafe dwarf_whatform(attribute, &form, &error) == DW_DLV_OK else {
      return nil
    }
    if Int32(form) == DW_FORM_rnglistx {
      guard unsafe dwarf_formudata(attribute, &value, &error) == DW_DLV_OK else { return nil }
    } else {
      guard unsafe dwarf_global_formref(attribute, &value, &error) == DW_DLV_OK else { return nil }
    }
    var head: Dwarf_Rnglists_Head?
    var count: Dwarf_Unsigned = 0
    var global: Dwarf_Unsigned = 0
    guard
      unsafe dwarf_rnglists_get_rle_head(attribute, form, value, &head, &count, &global, &error)
        == DW_DLV_OK, let head = unsafe head
    else { return nil }
    defer { _ = unsafe dwarf_dealloc_rnglists_head(head) }
    var result: [Range<UInt64>] = []
    for index in 0..<count {
      var length: UInt32 = 0
      var code: UInt32 = 0
      var raw: (Dwarf_Unsigned, Dwarf_Unsigned) = (0, 0)
      var isMissing: Dwarf_Bool = 0
      var start: Dwarf_Unsigned = 0
      var end: Dwarf_Unsigned = 0
      guard
        unsafe dwarf_get_rnglists_entry_fields_a(
          head, index, &length, &code, &raw.0, &raw.1, &isMissing, &start, &end, &error)
          == DW_DLV_OK
      else { break }
      // End of list and base addresses are handed out too (DW_RLE_ 0, 1, 5).
      if code == 0 || code == 1 || code == 5 || start >= end { continue }
      result.append(start..<end)
    }
    return result
  }

  /// The unit's file names, by the number that `DW_AT_decl_file` gives.
  func sourceFiles() -> [String] {
    var files: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    var count: Dwarf_Signed = 0
    var error: Dwarf_Error?
    guard unsafe dwarf_srcfiles(die, &files, &count, &error) == DW_DLV_OK, let files = unsafe files
    else { return [] }
    let names = (0..<Int(count)).map { index -> String in
      unsafe files[index].map { unsafe String(cString: $0) } ?? ""
    }
    return version >= 5 ? names : [""] + names
  }

  /// (address, line) of every row of the unit's line table.
  func lineRows() -> [(address: UInt64, line: Int)] {
    var version: Dwarf_Unsigned = 0
    var tables: Dwarf_Small = 0
    var context: Dwarf_Line_Context?
    var error: Dwarf_Error?
    guard unsafe dwarf_srclines_b(die, &version, &tables, &context, &error) == DW_DLV_OK,
      let context = unsafe context
    else { return [] }
    defer { unsafe dwarf_srclines_dealloc_b(context) }
    var lines: UnsafeMutablePointer<Dwarf_Line?>?
    var count: Dwarf_Signed = 0
    guard unsafe dwarf_srclines_from_linecontext(context, &lines, &count, &error) == DW_DLV_OK,
      let lines = unsafe lines
    else { return [] }
    var rows: [(address: UInt64, line: Int)] = []
    rows.reserveCapacity(Int(count))
    for index in 0..<Int(count) {
      var address: Dwarf_Addr = 0
      var line: Dwarf_Unsigned = 0
      guard let row = unsafe lines[index],
        unsafe dwarf_lineaddr(row, &address, &error) == DW_DLV_OK,
        unsafe dwarf_lineno(row, &line, &error) == DW_DLV_OK
      else { continue }
      rows.append((address, Int(clamping: line)))
    }
    return rows
  }
}
