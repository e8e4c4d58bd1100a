import Comparing
import Relinking
import TypeModel

/// The part of a header that declares procedures: those that differ, and the maps for them.
struct HeaderProcedures: Sendable {
  /// A procedure of one version.
  struct Entry: Hashable, Sendable {
    var name: String
    var side: TypeNode.Side
    var prototype: Prototype
    /// Whether a map for it may be written, and whether that may be an interprocedure.
    var isMapped: Bool
    var mayHaveInterprocedure: Bool

    var types: [TypeNode] {
      ([prototype.result] + prototype.parameters.map(\.type)).map { TypeNode(side: side, id: $0) }
    }
  }

  private(set) var entries: [Entry] = []

  init(old: Delta, new: Delta, changes: Changes) {
    let uses: [TypeNode.Side: [String: Int]] = [.old: Self.uses(old), .new: Self.uses(new)]
    for change in changes.procedures where change.status != .same {
      let sides = [
        (TypeNode.Side.old, change.old, old), (.new, change.new, new),
      ]
      for (side, index, delta) in sides {
        guard let index, uses[side]?[delta.procedures[index].name] == 1 else { continue }
        let procedure = delta.procedures[index]
        guard procedure.name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
          continue
        }
        entries.append(
          Entry(
            name: procedure.name, side: side, prototype: procedure.prototype,
            isMapped: side == .new && change.isUpdated,
            mayHaveInterprocedure: side == .old && change.beginsEpoch))
      }
    }
  }

  private static func uses(_ delta: Delta) -> [String: Int] {
    Dictionary(delta.procedures.map { ($0.name, 1) }, uniquingKeysWith: +)
  }

  func lines(_ declarator: Declarator) -> [String] {
    entries.flatMap { entry in
      let name = "\(entry.side.rawValue)_\(entry.name)"
      var lines = [declaration(name, entry, declarator)]
      if entry.mayHaveInterprocedure {
        lines.append(declaration("iproc_\(entry.name)", entry, declarator))
      }
      if entry.isMapped { lines.append("void mproc_\(entry.name)(void);") }
      return lines
    }
  }

  private func declaration(_ name: String, _ entry: Entry, _ declarator: Declarator) -> String {
    let head = "\(name)(\(declarator.parameters(entry.prototype, entry.side)))"
    let result = TypeNode(side: entry.side, id: entry.prototype.result)
    return declarator.declare(result, head, Declarator.Style()) + ";"
  }
}
