import ObjectModel

/// The sections of data that lead into the middle of procedures: jump tables of `switch`.
struct JumpTables {
  private struct Place: Hashable {
    var unit: Int
    var section: SectionID
  }

  private var procedures: [Place: Set<Int>] = [:]
  private var owners: Set<Int> = []
  private let units: [Int]

  init(_ index: ImageIndex) {
    units = index.image.delta.procedures.map(\.unit)
    for unit in index.image.delta.units.indices {
      let object = index.image.object(of: unit)
      for id in object.sectionIDs where object[id].holdsData {
        for relocation in object[id].relocations {
          guard
            case .part(let procedure, _, _) = index.reference(of: relocation, unit: unit, tail: 0)
          else { continue }
          procedures[Place(unit: unit, section: id), default: []].insert(procedure)
          owners.insert(procedure)
        }
      }
    }
  }

  /// Whether the procedure has any.
  func uses(of procedure: Int) -> Bool { owners.contains(procedure) }

  /// The fields, from the part's start, of `relocations` that refer to a table of the procedure.
  func fields(
    _ relocations: [Relocation], _ part: Delta.Part, of procedure: Int, _ object: ObjectFile
  ) -> Set<Int> {
    guard owners.contains(procedure) else { return [] }
    var result: Set<Int> = []
    for relocation in relocations {
      guard let symbol = relocation.symbol, case .section(let section) = object[symbol].place,
        procedures[Place(unit: units[procedure], section: section)]?.contains(procedure) ?? false
      else { continue }
      result.insert(Int(relocation.offset - part.offset))
    }
    return result
  }
}
