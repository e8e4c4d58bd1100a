import Relinking
import VersionSpace

/// What a change could never reach, since it is part of `main`, whose one activation lasts as long as
/// the program (design section 3, "Inlining").
struct Residents: Sendable {
  /// Procedures that exist only inside `main`: inlined there, or called from there as a clone.
  let onlyInside: [String]
  /// Procedures that exist elsewhere, of which `main` has a copy that a change would not reach.
  let alsoInside: [String]

  init(_ delta: Delta) {
    guard let main = delta.procedures.firstIndex(where: { $0.name == "main" }) else {
      onlyInside = []
      alsoInside = []
      return
    }
    let parts = Parts(delta, unit: delta.procedures[main].unit)
    let inside = parts.hosts.keys.filter { parts.hosts[$0]?.contains(main) ?? false }
    var only = Set(inside).subtracting(parts.own)
    // A part of a procedure that lives elsewhere too can be updated there.
    while let elsewhere = only.first(where: { name in
      parts.hosts[name]?.contains { $0 != main && !only.contains(delta.procedures[$0].name) }
        ?? false
    }) { only.remove(elsewhere) }
    onlyInside = only.sorted()
    alsoInside = Set(inside).subtracting(only).sorted()
  }

  /// Which procedures of one unit contain which.
  private struct Parts {
    /// Names that can be called through a slot.
    var own: Set<String> = []
    /// By name, the procedures (indices) that contain its code or call its clone.
    var hosts: [String: Set<Int>] = [:]

    init(_ delta: Delta, unit: Int) {
      for (index, procedure) in delta.procedures.enumerated() where procedure.unit == unit {
        if procedure.slot.rawValue != 0 { own.insert(procedure.name) }
        for inlined in procedure.inlined { hosts[inlined.name, default: []].insert(index) }
        for call in procedure.calls where call.kind == .clone {
          let callee = delta.procedures[call.callee]
          if callee.unit == unit, callee.slot.rawValue == 0 {
            hosts[callee.name, default: []].insert(index)
          }
        }
      }
    }
  }
}
