import ObjectModel
import Relinking

/// What a procedure refers to in each version, also through tables that have no name.
///
/// Data and procedures are indices into the delta of that version.
struct ProcedureUse: Hashable, Sendable {
  var dataInOld: Set<Int> = []
  var dataInNew: Set<Int> = []
  var proceduresInOld: Set<Int> = []
  var proceduresInNew: Set<Int> = []
  /// Procedures of which it calls a clone.
  var clonesInNew: Set<Int> = []
  var foreignInOld: Set<String> = []
}

/// Collects what one version's procedures refer to.
struct UseCollector {
  let view: ProgramView
  private var tables: [Table: Found] = [:]

  private struct Table: Hashable {
    var unit: Int
    var section: SectionID
  }

  struct Found: Hashable {
    var data: Set<Int> = []
    var procedures: Set<Int> = []
    var clones: Set<Int> = []
    var foreign: Set<String> = []
  }

  init(_ view: ProgramView) { self.view = view }

  mutating func uses(of procedure: Int) -> Found {
    var found = Found()
    for part in view.references.parts[procedure] {
      for site in part.sites { add(site.reference, to: &found) }
    }
    found.clones.remove(procedure)
    return found
  }

  private mutating func add(_ reference: Reference, to found: inout Found) {
    switch reference {
    case .procedure(let procedure): found.procedures.insert(procedure)
    case .part(let procedure, _, _): found.clones.insert(procedure)
    case .datum(let datum, _): found.data.insert(datum)
    case .foreign(let name, _): found.foreign.insert(name)
    case .absolute: break
    case .literal(let unit, let section, _):
      let table = uses(of: Table(unit: unit, section: section))
      found.data.formUnion(table.data)
      found.procedures.formUnion(table.procedures)
      found.clones.formUnion(table.clones)
      found.foreign.formUnion(table.foreign)
    }
  }

  private mutating func uses(of table: Table) -> Found {
    if let known = tables[table] { return known }
    tables[table] = Found()
    var found = Found()
    let section = view.image.object(of: table.unit)[table.section]
    if !section.isExecutable {
      for relocation in section.relocations {
        add(view.index.reference(ofData: relocation, unit: table.unit), to: &found)
      }
    }
    tables[table] = found
    return found
  }
}

extension ProcedureUse {
  /// By procedure pair.
  static func all(old: ProgramView, new: ProgramView, pairing: Pairing) -> [ProcedureUse] {
    var oldCollector = UseCollector(old)
    var newCollector = UseCollector(new)
    return pairing.procedures.pairs.map { pair in
      let before = pair.old.map { oldCollector.uses(of: $0) } ?? UseCollector.Found()
      let after = pair.new.map { newCollector.uses(of: $0) } ?? UseCollector.Found()
      return ProcedureUse(
        dataInOld: before.data, dataInNew: after.data, proceduresInOld: before.procedures,
        proceduresInNew: after.procedures, clonesInNew: after.clones,
        foreignInOld: before.foreign)
    }
  }
}
