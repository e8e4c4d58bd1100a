import CLibdwarf

extension DebugEntry {
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
      return Self.isPlaced(low, end) ? [low..<end] : []
    }
    return unsafe with(DW_AT_ranges) { found in unsafe rangeList(found) } ?? []
  }

  private func rangeList(_ attribute: Dwarf_Attribute) -> [Range<UInt64>]? {
    var kind: Dwarf_Half = 0
    var error: Dwarf_Error?
    var value: Dwarf_Unsigned = 0
    guard form.version >= 5 else { return unsafe oldRangeList(attribute) }
    guard unsafe dwarf_whatform(attribute, &kind, &error) == DW_DLV_OK else { return nil }
    if Int32(kind) == DW_FORM_rnglistx {
      guard unsafe dwarf_formudata(attribute, &value, &error) == DW_DLV_OK else { return nil }
    } else {
      guard unsafe dwarf_global_formref(attribute, &value, &error) == DW_DLV_OK else { return nil }
    }
    var head: Dwarf_Rnglists_Head?
    var count: Dwarf_Unsigned = 0
    var global: Dwarf_Unsigned = 0
    guard
      unsafe dwarf_rnglists_get_rle_head(attribute, kind, value, &head, &count, &global, &error)
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
      if code == 0 || code == 1 || code == 5 || !Self.isPlaced(start, end) { continue }
      result.append(start..<end)
    }
    return result
  }

  /// A list of `.debug_ranges` (DWARF 4, section 2.17.3).
  private func oldRangeList(_ attribute: Dwarf_Attribute) -> [Range<UInt64>]? {
    var error: Dwarf_Error?
    var offset: Dwarf_Off = 0
    var list: UnsafeMutablePointer<Dwarf_Ranges>?
    var count: Dwarf_Signed = 0
    var byteCount: Dwarf_Unsigned = 0
    guard unsafe dwarf_global_formref(attribute, &offset, &error) == DW_DLV_OK,
      unsafe dwarf_get_ranges_a(session.debug, offset, die, &list, &count, &byteCount, &error)
        == DW_DLV_OK, let list = unsafe list
    else { return nil }
    defer { unsafe dwarf_ranges_dealloc(session.debug, list, count) }
    var base = form.baseAddress
    var result: [Range<UInt64>] = []
    for index in 0..<Int(count) {
      let entry = unsafe list[index]
      if entry.dwr_type == DW_RANGES_ADDRESS_SELECTION {
        base = entry.dwr_addr2
        continue
      }
      guard entry.dwr_type == DW_RANGES_ENTRY else { continue }
      let start = base &+ entry.dwr_addr1
      let end = base &+ entry.dwr_addr2
      if Self.isPlaced(start, end) { result.append(start..<end) }
    }
    return result
  }

  /// Whether a range lies in the program: linkers put code that they dropped at 0, 1 or the end of
  /// the address space.
  private static func isPlaced(_ start: UInt64, _ end: UInt64) -> Bool {
    start > 1 && start < UInt64.max - 2 && start < end
  }
}
