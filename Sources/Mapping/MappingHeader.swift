package import Comparing
package import Relinking
import TypeModel

/// The header that a hand-written maps file includes: the types, data and procedures of both
/// versions by the names under which an update knows them (`docs/maps.md`).
package enum MappingHeader {
  /// The text of the header; C that gcc compiles by itself and beside any header of the system.
  ///
  /// - Parameters:
  ///   - old: the version that runs; like `new`, one that `Comparison` found whole.
  ///   - new: the version it is to become.
  ///   - changes: how they differ.
  /// - Returns: the whole text, with guards against a second inclusion.
  package static func text(old: Delta, new: Delta, changes: Changes) -> String {
    var catalogue = TypeCatalogue(old: old.types, new: new.types)
    let data = HeaderData(old: old, new: new, changes: changes)
    let procedures = HeaderProcedures(old: old, new: new, changes: changes)
    for entry in data.entries {
      catalogue.name(entry.type.id, after: entry.spelling, entry.type.side)
    }
    for entry in data.entries { catalogue.add(entry.type.id, entry.type.side) }
    for entry in procedures.entries {
      for type in entry.types { catalogue.add(type.id, type.side, byValue: false) }
    }
    for group in changes.groups {
      if case .structure(let tag) = group.reason { catalogue.add(named: tag) }
    }
    for refusal in changes.refusals {
      if case .structureNeedsMap(let tag, _) = refusal { catalogue.add(named: tag) }
    }
    catalogue.settle()
    let types = HeaderTypes(catalogue)
    let declarator = Declarator(catalogue: catalogue)
    let dataLines = data.lines(declarator)
    let procedureLines = procedures.lines(declarator)
    let bodies = [
      types.forward(), types.enumerations(), types.definitions(), dataLines, procedureLines,
    ]
    return
      ([opening] + bodies.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }
      + ["#endif\n"]).joined(separator: "\n")
  }

  private static let opening = """
    /* Declarations for a maps file, written by `ush diff --header`: old_ is the version that runs,
     * new_ the one that it becomes; what has neither is the same in both. */
    #ifndef PUP_MAPS_HEADER
    #define PUP_MAPS_HEADER

    """
}
