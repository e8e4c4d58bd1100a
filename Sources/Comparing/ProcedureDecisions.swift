import Relinking

/// Decides which procedures have changed, and why.
///
/// Equal bytes are a change too if they refer to moved storage or a new epoch, or call a clone of
/// a changed procedure; the last goes round until nothing changes any more.
struct ProcedureDecisions {
  let pairing: Pairing
  let names: ProgramNames
  let wishes: Wishes
  /// By procedure pair; `nil` where a version lacks the procedure.
  let likenesses: [Likeness?]
  let movedData: Set<Int>
  let epochs: Set<Int>

  /// By procedure pair, without those that an `ignore` line names.
  private(set) var changed: Set<Int> = []
  private var reasons: [[ProcedureChange.Reason]]

  init(
    pairing: Pairing, names: ProgramNames, wishes: Wishes, likenesses: [Likeness?],
    movedData: Set<Int>, epochs: Set<Int>
  ) {
    self.pairing = pairing
    self.names = names
    self.wishes = wishes
    self.likenesses = likenesses
    self.movedData = movedData
    self.epochs = epochs
    reasons = Array(repeating: [], count: likenesses.count)
    settle()
  }

  /// An `ignore` line does not hide a new calling convention: callers would use it in vain.
  private func isIgnored(_ index: Int) -> Bool {
    wishes.ignored.contains(index) && !epochs.contains(index)
  }

  private mutating func settle() {
    for index in likenesses.indices {
      reasons[index] = first(index)
      if !reasons[index].isEmpty, !isIgnored(index) { changed.insert(index) }
    }
    var work = Array(changed)
    var callers: [Int: [Int]] = [:]
    for (index, likeness) in likenesses.enumerated() {
      for callee in likeness?.clones ?? [] { callers[callee, default: []].append(index) }
    }
    while let next = work.popLast() {
      for caller in callers[next] ?? [] where !isIgnored(caller) {
        let reason = ProcedureChange.Reason.clone(names.procedures[next])
        if !reasons[caller].contains(reason) { reasons[caller].append(reason) }
        if changed.insert(caller).inserted { work.append(caller) }
      }
    }
  }

  private func first(_ index: Int) -> [ProcedureChange.Reason] {
    guard let likeness = likenesses[index] else { return [] }
    var reasons = likeness.differences
    reasons += likeness.data.intersection(movedData).sorted().map { .datumMoved(names.data[$0]) }
    reasons += likeness.procedures.intersection(epochs).subtracting([index]).sorted()
      .map { .epochOf(names.procedures[$0]) }
    if epochs.contains(index), reasons.isEmpty { reasons.append(.epochOf(names.procedures[index])) }
    if wishes.changed.contains(index), reasons.isEmpty { reasons.append(.declared) }
    return reasons
  }

  func status(of index: Int) -> ProcedureChange.Status {
    let pair = pairing.procedures.pairs[index]
    if pair.old == nil { return .added }
    if pair.new == nil { return .removed }
    return changed.contains(index) ? .changed(reasons[index]) : .same
  }

  /// The procedures that differ by noise alone, or that are not updated because of an `ignore` line.
  func ignored() -> [String] {
    likenesses.indices.filter { index in
      guard let likeness = likenesses[index], !changed.contains(index) else { return false }
      return likeness.isNoisy || !reasons[index].isEmpty
    }.map { names.procedures[$0] }
  }
}
