import ObjectModel
import Relinking
import Unwinding
import VersionSpace

extension Linker {
  /// Makes unwind information for placed code from that of its object.
  mutating func describe(_ code: [Injection.PlacedCode]) throws(LinkFailure) {
    var units: [Int: FrameDescriptions] = [:]
    for code in code {
      let object = index.image.object(of: code.unit)
      let descriptions = units[code.unit] ?? FrameDescriptions(object)
      units[code.unit] = descriptions
      guard let found = descriptions.description(of: code) else {
        throw .malformed(
          "\(index.image.delta.units[code.unit].path): \(object[code.section].name) has no unwind "
            + "information that can be moved (compile it with -fasynchronous-unwind-tables)")
      }
      var targets: [MovableDescription.Pointer: UInt64] = [:]
      for pointer in found.description.pointers {
        let relocation = descriptions.relocation(of: pointer, in: found)
        targets[pointer] =
          try relocation.map { (relocation) throws(LinkFailure) in
            try self.target(of: pointer, relocation, code)
          } ?? 0
      }
      try place(found.description, of: code, targets)
    }
  }

  /// Makes unwind information for code that only jumps on: the return address is on top of the stack.
  mutating func describeJump(at code: TraceeAddress, byteCount: UInt64) throws(LinkFailure) {
    // CIE: "zR", pcrel sdata4; DW_CFA_def_cfa rsp+8, DW_CFA_offset rip at CFA-8. FDE: no more.
    let common: [UInt8] = [
      0x14, 0, 0, 0, 0, 0, 0, 0, 1, 0x7A, 0x52, 0, 1, 0x78, 0x10, 1, 0x1B, 0x0C, 7, 8, 0x90, 1, 0,
      0,
    ]
    let entry: [UInt8] = [
      0x10, 0, 0, 0, 0x1C, 0, 0, 0, 0, 0, 0, 0, UInt8(truncatingIfNeeded: byteCount), 0, 0, 0, 0, 0,
      0, 0,
    ]
    guard let description = MovableDescription(common: common, description: entry) else { return }
    try place(description, at: code, byteCount: byteCount, named: "a jump", [:])
  }

  private mutating func place(
    _ description: MovableDescription, of code: Injection.PlacedCode,
    _ targets: [MovableDescription.Pointer: UInt64]
  ) throws(LinkFailure) {
    let section = index.image.object(of: code.unit)[code.section]
    try place(
      description, at: code.address, byteCount: code.byteCount, named: section.name, targets)
  }

  private mutating func place(
    _ description: MovableDescription, at code: TraceeAddress, byteCount: UInt64,
    named name: String, _ targets: [MovableDescription.Pointer: UInt64]
  ) throws(LinkFailure) {
    let address = try model.data.allocate(
      UInt64(description.byteCount), alignment: 8, named: .data)
    let placed = description.placed(at: address.rawValue, code: code.rawValue) { targets[$0] }
    guard let bytes = placed else {
      throw .malformed("\(name): its unwind information is out of reach")
    }
    injection.writes.append(Injection.Write(address: address, bytes: bytes))
    model.unwind.append(
      UnwindBlob(
        address: address, bytes: bytes,
        code: code.rawValue..<(code.rawValue + byteCount)))
  }

  /// The address that a pointer besides the one to the code has to lead to.
  private mutating func target(
    of pointer: MovableDescription.Pointer, _ relocation: Relocation,
    _ code: Injection.PlacedCode
  ) throws(LinkFailure) -> UInt64 {
    let object = index.image.object(of: code.unit)
    let name = object[code.section].name
    guard let id = relocation.symbol else {
      throw .malformed("\(name): a handler without a symbol")
    }
    switch pointer {
    case .languageData:
      guard case .section(let section) = object[id].place else {
        throw .malformed("\(name): its handlers are described in another object")
      }
      let chunk = Chunk(
        unit: code.unit, section: section, offset: 0, byteCount: 0, isCode: false, user: name)
      let offset = Int64(object[id].value) + relocation.addend
      return try literal(unit: code.unit, section: section, offset: offset, chunk).rawValue
    case .personality(_, let isIndirect):
      // gcc names the word that holds the routine's address after it.
      let symbol = object[id].name
      let routine = isIndirect && symbol.hasPrefix("DW.ref.") ? String(symbol.dropFirst(7)) : symbol
      guard let address = foreign.addresses[routine] else {
        throw .unresolved(symbol: routine, by: name)
      }
      if isIndirect { return try globalOffsetEntry(holding: address.rawValue).rawValue }
      return isNear(address.rawValue)
        ? address.rawValue : try stub(for: routine, at: address).rawValue
    }
  }
}
