package import Relinking
import TypeModel

/// Which unit, procedure and datum of one version is which of the other.
///
/// A pair has an index of its own: those of `procedures` are also the indices of
/// `Changes.procedures`, those of `data` the indices of `Changes.data`.
package struct Pairing: Hashable, Sendable {
  package let units: Table
  package let procedures: Table
  package let data: Table

  /// Pairs of indices into two tables: first what the new version has, in its order, then what
  /// only the old one had.
  package struct Table: Hashable, Sendable {
    package let pairs: [Pair]
    /// The pair of each old, and of each new item.
    package let ofOld: [Int]
    package let ofNew: [Int]

    init(_ matching: Matching) {
      var pairs = matching.partnerOfNew.enumerated().map { Pair(old: $1, new: $0) }
      var ofOld = Array(repeating: 0, count: matching.partnerOfOld.count)
      for (index, pair) in pairs.enumerated() {
        if let old = pair.old { ofOld[old] = index }
      }
      for old in matching.oldLeft {
        ofOld[old] = pairs.count
        pairs.append(Pair(old: old, new: nil))
      }
      self.pairs = pairs
      self.ofOld = ofOld
      self.ofNew = Array(matching.partnerOfNew.indices)
    }
  }

  package struct Pair: Hashable, Sendable {
    package let old: Int?
    package let new: Int?
  }

  /// - Parameters: two deltas whose indices were checked.
  package init(old: Delta, new: Delta) {
    units = Table(Self.matchUnits(old, new))
    procedures = Table(Self.matchProcedures(old, new, units))
    data = Table(Self.matchData(old, new, units))
  }

  // MARK: - Units

  private static func matchUnits(_ old: Delta, _ new: Delta) -> Matching {
    let oldPaths = UnitPaths(old)
    let newPaths = UnitPaths(new)
    var matching = Matching(oldCount: old.units.count, newCount: new.units.count)
    matching.pairInOrder(old: oldPaths.path, new: newPaths.path)
    let deepest = (oldPaths.components + newPaths.components).map(\.count).max() ?? 0
    for count in stride(from: deepest, to: 0, by: -1) {
      matching.pairUnique(
        old: { oldPaths.components[$0].suffix(exactly: count) },
        new: { newPaths.components[$0].suffix(exactly: count) })
    }
    pairUnitsByProcedures(&matching, old, new)
    return matching
  }

  /// Pairs renamed units: those whose sets of procedure names overlap most, at least by a third.
  private static func pairUnitsByProcedures(_ matching: inout Matching, _ old: Delta, _ new: Delta)
  {
    let oldNames = procedureNames(old)
    let newNames = procedureNames(new)
    var candidates: [(share: Double, old: Int, new: Int)] = []
    for left in matching.oldLeft {
      for right in matching.newLeft {
        let shared = oldNames[left].intersection(newNames[right]).count
        let all = oldNames[left].union(newNames[right]).count
        if shared * 3 >= all, shared > 0 {
          candidates.append((Double(shared) / Double(all), left, right))
        }
      }
    }
    candidates.sort { ($1.share, $0.old, $0.new) < ($0.share, $1.old, $1.new) }
    for candidate in candidates
    where matching.partnerOfOld[candidate.old] == nil && matching.partnerOfNew[candidate.new] == nil
    {
      matching.pair(candidate.old, candidate.new)
    }
  }

  private static func procedureNames(_ delta: Delta) -> [Set<String>] {
    var names = Array(repeating: Set<String>(), count: delta.units.count)
    for procedure in delta.procedures { names[procedure.unit].insert(procedure.name) }
    return names
  }

  // MARK: - Procedures

  private static func matchProcedures(_ old: Delta, _ new: Delta, _ units: Table) -> Matching {
    var matching = Matching(oldCount: old.procedures.count, newCount: new.procedures.count)
    matching.pairUnique(
      old: { old.procedures[$0].isStatic ? nil : old.procedures[$0].name },
      new: { new.procedures[$0].isStatic ? nil : new.procedures[$0].name })
    matching.pairUnique(
      old: { Key(unit: units.ofOld[old.procedures[$0].unit], name: old.procedures[$0].name) },
      new: { Key(unit: units.ofNew[new.procedures[$0].unit], name: new.procedures[$0].name) })
    let oldUnique = uniqueNames(old.procedures.map(\.name))
    let newUnique = uniqueNames(new.procedures.map(\.name))
    matching.pairUnique(
      old: { oldUnique.contains(old.procedures[$0].name) ? old.procedures[$0].name : nil },
      new: { newUnique.contains(new.procedures[$0].name) ? new.procedures[$0].name : nil })
    return matching
  }

  private struct Key: Hashable {
    var unit: Int
    var procedure: String?
    var scope: [Int] = []
    var name: String
    var type: String?
  }

  private static func uniqueNames<Name: Hashable>(_ names: [Name]) -> Set<Name> {
    Set(Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +).filter { $1 == 1 }.keys)
  }

  // MARK: - Data

  /// By unit, procedure and name; where several share these, by scope and type as well.
  private static func matchData(_ old: Delta, _ new: Delta, _ units: Table) -> Matching {
    var matching = Matching(oldCount: old.data.count, newCount: new.data.count)
    matching.pairUnique(old: { old.data[$0].globalName }, new: { new.data[$0].globalName })
    func pair(_ inOrder: Bool, _ key: (Delta.Datum, TypeGraph, Int) -> Key) {
      let oldKey: (Int) -> Key? = { key(old.data[$0], old.types, units.ofOld[old.data[$0].unit]) }
      let newKey: (Int) -> Key? = { key(new.data[$0], new.types, units.ofNew[new.data[$0].unit]) }
      if inOrder {
        matching.pairInOrder(old: oldKey, new: newKey)
      } else {
        matching.pairUnique(old: oldKey, new: newKey)
      }
    }
    pair(false) { Key(unit: $2, procedure: $0.procedure, name: $0.name) }
    pair(false) {
      Key(
        unit: $2, procedure: $0.procedure, scope: $0.scope, name: $0.name,
        type: TypeSpelling($1).spell($0.type))
    }
    pair(true) {
      Key(unit: $2, procedure: $0.procedure, name: $0.name, type: TypeSpelling($1).spell($0.type))
    }
    pair(false) { Key(unit: $2, procedure: $0.procedure, scope: $0.scope, name: $0.name) }
    let oldUnique = uniqueNames(old.data.map(\.localName))
    let newUnique = uniqueNames(new.data.map(\.localName))
    matching.pairUnique(
      old: { oldUnique.contains(old.data[$0].localName) ? old.data[$0].localName : nil },
      new: { newUnique.contains(new.data[$0].localName) ? new.data[$0].localName : nil })
    return matching
  }
}

extension Delta.Datum {
  /// Its name if the whole program knows it by that.
  fileprivate var globalName: String? { isStatic || procedure != nil ? nil : name }

  /// `name`, or `procedure.name` for one that is local to a procedure.
  var localName: String { procedure.map { "\($0).\(name)" } ?? name }
}

extension Array {
  fileprivate func suffix(exactly length: Int) -> [Element]? {
    count >= length ? Array(suffix(length)) : nil
  }
}
