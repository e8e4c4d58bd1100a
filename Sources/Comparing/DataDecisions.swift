import Relinking
import TypeModel

/// Decides what an update does with each datum.
///
/// The decisions depend on each other (a table of pointers moves if what it points to moves), so
/// `settle` goes round until nothing changes any more.
struct DataDecisions {
  let pairing: Pairing
  let names: ProgramNames
  let wishes: Wishes
  let maps: GivenMaps
  let old: Delta
  let new: Delta
  /// By data pair; `nil` where a version lacks the datum.
  let likenesses: [DatumLikeness?]
  /// Procedure pairs that begin an epoch.
  let epochs: Set<Int>

  /// Only if there are maps to be named.
  private let oldNames: MapNames?
  private let newNames: MapNames?

  private(set) var actions: [DatumChange.Action] = []
  private(set) var refusals: [Refusal] = []
  /// Pairs in both versions whose storage moves.
  private(set) var moved: Set<Int> = []

  init(
    pairing: Pairing, names: ProgramNames, wishes: Wishes, maps: GivenMaps, old: Delta, new: Delta,
    likenesses: [DatumLikeness?], epochs: Set<Int>
  ) {
    self.pairing = pairing
    self.names = names
    self.wishes = wishes
    self.maps = maps
    self.old = old
    self.new = new
    self.likenesses = likenesses
    self.epochs = epochs
    let isMapped = !maps.functions.isEmpty || !maps.uses.isEmpty
    oldNames = isMapped ? MapNames(old) : nil
    newNames = isMapped ? MapNames(new) : nil
  }

  /// - Parameter whole: gives a datum's elements for `reset`.
  mutating func settle(whole: (Int, Int) -> [DatumChange.Element]) {
    actions = pairing.data.pairs.indices.map { first($0, whole) }
    repeat {
      let before = moved
      moved = Set(actions.indices.filter { change($0).isMoved })
      if before == moved { break }
      for index in actions.indices { propagate(to: index) }
    } while true
    for index in actions.indices { repoint(index) }
    refuseUnclearMaps()
  }

  /// A map whose name means no datum would run for nothing, one that means several for the wrong.
  private mutating func refuseUnclearMaps() {
    guard let oldNames, let newNames else { return }
    let known = Set(
      old.data.indices.flatMap(oldNames.names(ofDatum:))
        + new.data.indices.flatMap(newNames.names(ofDatum:)))
    for function in maps.functions.sorted() where function.hasPrefix("mproc_data_") {
      guard !known.contains(String(function.dropFirst("mproc_data_".count))) else { continue }
      refusals.append(
        .unsupported(
          what: "\(function) names no datum, or several; `ush diff --header` has the names",
          unit: "maps"))
    }
  }

  private func change(_ index: Int) -> DatumChange {
    let pair = pairing.data.pairs[index]
    return DatumChange(
      old: pair.old, new: pair.new, name: names.data[index], action: actions[index])
  }

  // MARK: - Each for itself

  private mutating func first(
    _ index: Int, _ whole: (Int, Int) -> [DatumChange.Element]
  ) -> DatumChange.Action {
    let pair = pairing.data.pairs[index]
    guard let newIndex = pair.new else { return .remove }
    let datum = new.data[newIndex]
    guard let oldIndex = pair.old, let likeness = likenesses[index] else {
      return .create
    }
    if likeness.isThreadLocal { return threadLocal(index, datum, likeness) }
    if let map = mprocedure(ofOld: oldIndex, new: newIndex) { return .map(by: map) }
    if likeness.isConstantInOld || likeness.isConstantInNew {
      return constant(index, likeness)
    }
    guard likeness.isSameType else {
      if wishes.reset.contains(index) || wishes.harmlessData.contains(index) { return .create }
      refusals.append(
        .datumNeedsMap(
          name: names.data[index],
          oldType: TypeSpelling(old.types).spell(old.data[oldIndex].type),
          newType: TypeSpelling(new.types).spell(datum.type), at: datum.declaredAt))
      return .map(by: "mproc_data_\(datum.mapName)")
    }
    if wishes.reset.contains(index) { return .reinitialise(whole(oldIndex, newIndex)) }
    if wishes.kept.contains(index) || likeness.elements.isEmpty { return .share }
    return .reinitialise(likeness.elements)
  }

  private func constant(_ index: Int, _ likeness: DatumLikeness) -> DatumChange.Action {
    guard likeness.isConstant, likeness.isSameType else { return .create }
    return likeness.elements.isEmpty || wishes.kept.contains(index) ? .share : .create
  }

  private mutating func threadLocal(
    _ index: Int, _ datum: Delta.Datum, _ likeness: DatumLikeness
  ) -> DatumChange.Action {
    let isHarmless = wishes.kept.contains(index) || wishes.harmlessData.contains(index)
    if !likeness.isSameType || !likeness.elements.isEmpty && !isHarmless {
      refuseThreadLocal(index, datum)
    }
    return .share
  }

  private mutating func refuseThreadLocal(_ index: Int, _ datum: Delta.Datum) {
    refusals.append(.threadLocal(name: names.data[index], at: datum.declaredAt))
  }

  /// The mprocedure that fills new storage of a datum, if the maps give one.
  private func mprocedure(ofOld oldIndex: Int, new newIndex: Int) -> String? {
    guard let oldNames, let newNames else { return nil }
    let names = newNames.names(ofDatum: newIndex) + oldNames.names(ofDatum: oldIndex)
    for name in names where maps.functions.contains("mproc_data_\(name)") {
      return "mproc_data_\(name)"
    }
    guard let procedure = new.data[newIndex].procedure,
      newNames.references(ofDatum: newIndex).contains(where: { maps.uses.contains("new_\($0)") })
    else { return nil }
    let own = "mproc_\(procedure)"
    return maps.functions.contains(own)
      ? own : maps.functions.filter { $0.hasPrefix("mproc_") }.min() ?? own
  }

  // MARK: - Through pointers

  /// A shared `const` datum that points to what moves gets new content, and moves as well.
  private mutating func propagate(to index: Int) {
    guard actions[index] == .share, let likeness = likenesses[index], likeness.isConstant,
      !likeness.isThreadLocal, !wishes.kept.contains(index)
    else { return }
    if likeness.pointers.contains(where: { !isSteady($0.likeness) }) { actions[index] = .create }
  }

  private func isSteady(_ likeness: Likeness) -> Bool {
    likeness.data.isDisjoint(with: moved) && likeness.procedures.isDisjoint(with: epochs)
  }

  /// A shared pointer to what moves takes the new address if it still holds the old one.
  ///
  /// Where it
  /// may have walked on (into an array that an mprocedure re-lays), the update is refused.
  private mutating func repoint(_ index: Int) {
    guard let likeness = likenesses[index], !likeness.isConstant, !wishes.kept.contains(index)
    else {
      return
    }
    var elements: [DatumChange.Element]
    switch actions[index] {
    case .share: elements = []
    case .reinitialise(let known): elements = known
    case .create, .map, .remove: return
    }
    for pointer in likeness.pointers where !isSteady(pointer.likeness) {
      if let target = pointer.likeness.data.intersection(moved).min(), mayHaveWalked(target) {
        refuse(index, pointsTo: target)
      } else if !elements.contains(where: { $0.offset == pointer.element.offset }) {
        elements.append(pointer.element)
      }
    }
    guard !elements.isEmpty else { return }
    actions[index] = .reinitialise(elements.sorted { $0.offset < $1.offset })
  }

  /// Lets tables of a procedure's own labels (`&&label`) lead into its new code if it changes.
  ///
  /// Where the labels lie may be the same: it is the code that they lie in which is another. Only
  /// the procedure itself can use them, and it has changed already.
  mutating func settleLabels(changed: Set<Int>) {
    for (index, likeness) in likenesses.enumerated() {
      guard let likeness, !wishes.kept.contains(index) else { continue }
      let pointers = likeness.pointers.filter { !$0.likeness.clones.isDisjoint(with: changed) }
      if pointers.isEmpty { continue }
      switch actions[index] {
      case .share where likeness.isConstant:
        actions[index] = .create
        moved.insert(index)
      case .share:
        actions[index] = .reinitialise(pointers.map(\.element))
      case .reinitialise(let known):
        let others = pointers.map(\.element).filter { element in
          !known.contains { $0.offset == element.offset }
        }
        actions[index] = .reinitialise((known + others).sorted { $0.offset < $1.offset })
      case .create, .map, .remove: continue
      }
    }
  }

  private func mayHaveWalked(_ target: Int) -> Bool {
    guard let old = pairing.data.pairs[target].old, likenesses[target]?.isConstant == false else {
      return false
    }
    if case .array = self.old.types[self.old.types.resolved(self.old.data[old].type).id] {
      return true
    }
    return false
  }

  private mutating func refuse(_ index: Int, pointsTo target: Int) {
    guard wishes.harmlessData.isDisjoint(with: [index, target]),
      let new = pairing.data.pairs[index].new
    else { return }
    refusals.append(
      .pointerToMoved(
        datum: names.data[index], pointsTo: names.data[target], at: self.new.data[new].declaredAt))
  }
}
