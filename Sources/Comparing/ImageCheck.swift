import ObjectModel
package import Relinking
import TypeModel

/// Checks that every index in an image leads somewhere, so that nothing later can run off a table.
///
/// An image is read from a file and is not trusted; the comparison indexes without looking.
package struct ImageCheck {
  let image: ProgramImage
  private var delta: Delta { image.delta }

  package init(_ image: ProgramImage) { self.image = image }

  /// The first fault found, or `nil`.
  package func fault() -> ImageFault? {
    faultInUnits() ?? faultInTypes() ?? faultInProcedures() ?? faultInData()
  }

  private func faultInUnits() -> ImageFault? {
    for (number, unit) in delta.units.enumerated() {
      guard image.objects.indices.contains(unit.object) else {
        return .unitWithoutObject(unit: number)
      }
      if let fault = fault(inObject: image.objects[unit.object], unit: number) { return fault }
    }
    return nil
  }

  private func fault(inObject object: ObjectFile, unit: Int) -> ImageFault? {
    for (number, symbol) in object.symbols.enumerated() {
      guard case .section(let section) = symbol.place else { continue }
      guard object.sections.indices.contains(section.rawValue), Int64(exactly: symbol.value) != nil
      else { return .symbolWithoutSection(unit: unit, symbol: number) }
    }
    for (number, section) in object.sections.enumerated() {
      for relocation in section.relocations {
        let symbolExists =
          relocation.symbol.map { object.symbols.indices.contains($0.rawValue) } ?? true
        guard symbolExists, relocation.offset < UInt64(Int32.max),
          Int32(exactly: relocation.addend) != nil || relocation.symbol == nil
            || relocation.addend.magnitude < 1 << 60
        else { return .relocationWithoutSymbol(unit: unit, section: number) }
      }
    }
    return nil
  }

  private func faultInTypes() -> ImageFault? {
    for (number, type) in delta.types.types.enumerated() where !type.parts.allSatisfy(exists) {
      return .unknownType(.type(number))
    }
    return nil
  }

  private func faultInProcedures() -> ImageFault? {
    for (number, procedure) in delta.procedures.enumerated() {
      guard delta.units.indices.contains(procedure.unit) else {
        return .procedureWithoutUnit(procedure: number)
      }
      let types =
        procedure.mentionedTypes + procedure.prototype.parameters.map(\.type)
        + [procedure.prototype.result]
      guard types.allSatisfy(exists) else { return .unknownType(.procedure(number)) }
      guard procedure.calls.allSatisfy({ delta.procedures.indices.contains($0.callee) }) else {
        return .unknownCallee(procedure: number)
      }
      for (index, part) in procedure.parts.enumerated() {
        guard holds(part.section, part.offset, part.byteCount, unit: procedure.unit, asBytes: true)
        else { return .partOutsideSection(procedure: number, part: index) }
      }
    }
    return nil
  }

  private func faultInData() -> ImageFault? {
    for (number, datum) in delta.data.enumerated() {
      guard delta.units.indices.contains(datum.unit) else {
        return .datumWithoutUnit(datum: number)
      }
      guard exists(datum.type) else { return .unknownType(.datum(number)) }
      guard let section = datum.section else { continue }
      guard holds(section, datum.offset, datum.byteCount, unit: datum.unit, asBytes: false) else {
        return .datumOutsideSection(datum: number)
      }
    }
    return nil
  }

  private func exists(_ type: TypeID) -> Bool { delta.types.types.indices.contains(type.rawValue) }

  private func holds(
    _ id: SectionID, _ offset: UInt64, _ byteCount: UInt64, unit: Int, asBytes: Bool
  ) -> Bool {
    let object = image.object(of: unit)
    guard object.sections.indices.contains(id.rawValue) else { return false }
    let section = object[id]
    if section.type != .nobits, section.contents.count != section.byteCount { return false }
    let size = asBytes ? section.contents.count : section.byteCount
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    return !overflow && end <= UInt64(max(size, 0))
  }
}

extension CType {
  /// The types that this one is directly made of or points to.
  var parts: [TypeID] {
    switch self {
    case .void, .base, .enumeration: []
    case .pointer(let target): [target]
    case .array(let element, _): [element]
    case .structure(let composite), .union(let composite): composite.members.map(\.type)
    case .typedef(_, let type), .qualified(_, let type): [type]
    case .function(let prototype): prototype.parameters.map(\.type) + [prototype.result]
    }
  }
}
