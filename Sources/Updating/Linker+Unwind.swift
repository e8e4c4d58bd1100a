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

  private mutating func place(
    _ description: MovableDescription, of code: Injection.PlacedCode,
    _ targets: [MovableDescription.Pointer: UInt64]
  ) throws(LinkFailure) {
    let address = try model.data.allocate(
      UInt64(description.byteCount), alignment: 8, named: .data)
    let placed = description.placed(at: address.rawValue, code: code.address.rawValue) {
      targets[$0]
    }
    guard let bytes = placed else {
      let section = index.image.object(of: code.unit)[code.section]
      throw .malformed("\(section.name): its unwind information is out of reach")
    }
    injection.writes.append(Injection.Write(address: address, bytes: bytes))
    model.unwind.append(
      UnwindBlob(
        address: address, bytes: bytes,
        code: code.address.rawValue..<(code.address.rawValue + code.byteCount)))
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
      guard let address = foreign[routine] else {
        throw .unresolved(symbol: routine, by: name)
      }
      if isIndirect { return try globalOffsetEntry(holding: address.rawValue).rawValue }
      return isNear(address.rawValue)
        ? address.rawValue : try stub(for: routine, at: address).rawValue
    }
  }
}
