import Comparing
import Relinking
package import VersionSpace

/// Finds the procedures that a person means.
package struct ProcedureNames: Sendable {
  private var ids: [String: Set<ProcedureID>] = [:]
  private var display: [ProcedureID: String] = [:]
  private var hosts: [String: Set<ProcedureID>] = [:]

  /// What a name stands for.
  package enum Meaning: Hashable, Sendable {
    case procedure(ProcedureID)
    /// It has no body of its own, and is inlined into these.
    case inlined([ProcedureID])
    /// Several procedures have it; their unambiguous names.
    case ambiguous([String])
    /// None has it; the nearest name.
    case unknown(suggestion: String?)
  }

  /// - Parameters:
  ///   - model: knows the procedures of all versions.
  ///   - versions: whose deltas are at hand.
  package init(model: ProgramModel, versions: [CodePlaces.Version]) {
    for record in model.procedures { add(record.name, record.id) }
    for version in versions {
      for (index, procedure) in version.delta.procedures.enumerated()
      where index < version.binding.procedures.count {
        let id = version.binding.procedures[index].id
        let file = DisplayNames.baseName(version.delta.units[procedure.unit].path)
        for name in [procedure.name] + procedure.aliases {
          add(name, id)
          add("\(file):\(name)", id)
        }
        for inlining in procedure.inlined { hosts[inlining.name, default: []].insert(id) }
      }
    }
    for record in model.procedures { display[record.id] = record.name }
  }

  private mutating func add(_ name: String, _ id: ProcedureID) {
    ids[name, default: []].insert(id)
  }

  package func meaning(of name: String) -> Meaning {
    if let found = ids[name] {
      if let only = found.first, found.count == 1 { return .procedure(only) }
      return .ambiguous(found.sorted().compactMap { display[$0] })
    }
    if let found = hosts[name] { return .inlined(found.sorted()) }
    return .unknown(
      suggestion: Suggestion.nearest(to: name, among: (Set(ids.keys).union(hosts.keys)).sorted()))
  }

  /// The procedures that have a copy of `name` inlined.
  package func hosts(of name: String) -> [ProcedureID] { (hosts[name] ?? []).sorted() }
}
