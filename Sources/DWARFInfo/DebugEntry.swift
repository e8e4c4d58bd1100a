import CLibdwarf

/// One debugging information entry.
@safe final class DebugEntry {
  let die: Dwarf_Die
  let session: DWARFSession
  let form: UnitForm

  init(_ die: Dwarf_Die, _ session: DWARFSession, _ form: UnitForm) {
    unsafe self.die = die
    self.session = session
    self.form = form
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
      unsafe result.append(DebugEntry(current, session, form))
      var sibling: Dwarf_Die?
      guard unsafe dwarf_siblingof_b(session.debug, current, 1, &sibling, &error) == DW_DLV_OK
      else { break }
      unsafe next = sibling
    }
    return result
  }

  /// Runs `body` with an attribute, if the entry has it.
  func with<Value>(
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
}
