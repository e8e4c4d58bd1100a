import CLibdwarf

extension DebugEntry {
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
    return form.version >= 5 ? names : [""] + names
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
      var isEnd: Dwarf_Bool = 0
      guard let row = unsafe lines[index],
        unsafe dwarf_lineendsequence(row, &isEnd, &error) == DW_DLV_OK, isEnd == 0,
        unsafe dwarf_lineaddr(row, &address, &error) == DW_DLV_OK,
        unsafe dwarf_lineno(row, &line, &error) == DW_DLV_OK
      else { continue }
      rows.append((address, Int(clamping: line)))
    }
    return rows
  }
}
