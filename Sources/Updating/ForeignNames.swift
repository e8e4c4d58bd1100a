import ObjectModel
package import Relinking
package import VersionSpace

/// What a running program says of symbols that no prepared unit defines.
package struct ForeignAddresses: Sendable {
  package var addresses: [String: TraceeAddress] = [:]
  /// Indirect functions whose value nobody has computed yet.
  package var unresolvedIndirect: Set<String> = []
  package init() {}
}

/// Which symbols that no prepared unit defines some procedures may refer to.
package struct ForeignNames: Sendable {
  private let index: ImageIndex

  package init(_ index: ImageIndex) { self.index = index }

  /// The undefined names in the code of `procedures` and in all contents of their units that is
  /// not code: a superset of what linking them needs.
  package func used(by procedures: [Int]) -> Set<String> {
    var names: Set<String> = []
    let delta = index.image.delta
    for procedure in procedures {
      let described = delta.procedures[procedure]
      let object = index.image.object(of: described.unit)
      for part in described.parts {
        let range = part.offset..<(part.offset + part.byteCount)
        add(object[part.section].relocations.filter { range.contains($0.offset) }, object, &names)
      }
    }
    for unit in Set(procedures.map { delta.procedures[$0].unit }) {
      let object = index.image.object(of: unit)
      for section in object.sections where section.isAllocated && !section.isExecutable {
        add(section.relocations, object, &names)
      }
    }
    return names
  }

  private func add(_ relocations: [Relocation], _ object: ObjectFile, _ names: inout Set<String>) {
    for relocation in relocations {
      guard let id = relocation.symbol else { continue }
      let symbol = object[id]
      guard
        symbol.place == .undefined || symbol.place == .common || symbol.type == .indirectFunction
      else { continue }
      if index.procedure(named: symbol.name) == nil, index.datum(named: symbol.name) == nil {
        names.insert(symbol.name)
      }
    }
  }
}
