extension Changes {
  /// A changes file that says what differs, to be read, edited, and given to an update.
  ///
  /// Computed changes are `changed` statements, each with its reason; what the update does to data,
  /// which procedures change in one stop and why it would be refused are comments.
  /// - Parameters:
  ///   - old: what to call the old version, such as its path.
  ///   - new: what to call the new version.
  ///   - wishes: whose statements to repeat.
  /// - Returns: text that `ChangesFile(parsing:path:)` reads.
  package func text(from old: String, to new: String, wishes: ChangesFile = ChangesFile()) -> String
  {
    let blocks = [
      procedureLines, listLines, wishLines(wishes), dataLines, groupLines,
      refusals.map { "# refused: \($0)" },
    ]
    let head =
      isEmpty ? ["# \(old) and \(new) do not differ"] : ["# what changes from \(old) to \(new)"]
    return ([head] + blocks).filter { !$0.isEmpty }
      .map { $0.map { $0 + "\n" }.joined() }.joined(separator: "\n")
  }

  /// Whether an update would have nothing to do.
  package var isEmpty: Bool {
    procedures.allSatisfy { $0.status == .same } && data.allSatisfy { $0.action == .share }
  }

  private var procedureLines: [String] {
    changedProcedures.map { change in
      let epoch = change.beginsEpoch ? "another signature; " : ""
      return "changed \(change.name)  # \(epoch)\(change.reasonText)"
    }
  }

  private var listLines: [String] {
    [
      ("added", procedures.filter { $0.status == .added }.map(\.name)),
      ("removed", procedures.filter { $0.status == .removed }.map(\.name)),
      ("not counted as changed", ignored),
      ("does not run, since the program has begun already", notRun),
    ].filter { !$0.1.isEmpty }.map { "# \($0.0): \($0.1.joined(separator: " "))" }
  }

  private func wishLines(_ wishes: ChangesFile) -> [String] {
    wishes.statements.compactMap { statement in
      if case .changed = statement.kind { nil } else { statement.kind.text }
    }
  }

  private var dataLines: [String] {
    data.compactMap { change in change.actionText.map { "# datum \(change.name): \($0)" } }
  }

  private var groupLines: [String] {
    groups.compactMap { group in
      guard group.isHard, group.members.count > 1 else { return nil }
      let names = group.members.map { procedures[$0].name }.joined(separator: " ")
      return "# in one stop, because of \(group.reason): \(names)"
    }
  }
}

extension ProcedureChange {
  /// Why it changed, for people; empty if it did not.
  package var reasonText: String {
    guard case .changed(let reasons) = status else { return "" }
    return reasons.map(\.description).joined(separator: ", ")
  }
}

extension ProcedureChange.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .instructions: "instructions"
    case .datumMoved(let name): "uses \(name), which moves"
    case .epochOf(let name): "signature of \(name)"
    case .clone(let name): "copy of \(name)"
    case .literal(let text): "literal \(text)"
    case .declared: "declared"
    }
  }
}

extension DatumChange {
  /// What the update does to it, for people; `nil` for nothing.
  package var actionText: String? {
    switch action {
    case .share: nil
    case .reinitialise(let elements):
      elements.contains(where: \.isForced)
        ? "takes its initial value again (reset)"
        : "takes its new initial value where it still holds the old one"
          + " (`reset \(name)`: in any case; `keep \(name)`: not at all)"
    case .create: old == nil ? "new" : "new storage with its new content"
    case .map(let name): "new storage, filled by \(name)"
    case .remove: "no longer there; its storage stays while old code can run"
    }
  }
}

extension Group.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .datum(let name): "datum \(name)"
    case .structure(let tag): "struct \(tag)"
    case .epoch(let name): "the signature of \(name)"
    case .together(let line): "line \(line)"
    }
  }
}

extension Refusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .datumNeedsMap(let name, let oldType, let newType, let place):
      oldType == newType
        ? "\(place.text): the layout of ‘\(name)’ (\(newType)) changed, and no mprocedure maps it"
        : "\(place.text): the type of ‘\(name)’ changed from \(oldType) to \(newType), and no"
          + " mprocedure maps it"
    case .structureNeedsMap(let tag, let place):
      (place.map { $0.text + ": " } ?? "")
        + "the layout of struct \(tag) changed, and objects of it may exist that nothing maps"
    case .storedAddress(let procedure, let place):
      "\(place.text): the signature of ‘\(procedure)’ changed, and its address may be stored;"
        + " give an iproc_\(procedure), or say `harmless \(procedure)`"
    case .threadLocal(let name, let place):
      "\(place.text): ‘\(name)’ is thread-local, and its type or initial value changed, which nothing maps"
    case .pointerToMoved(let datum, let target, let place):
      "\(place.text): ‘\(datum)’ points into ‘\(target)’, whose storage moves"
    case .unsupported(let what, let unit): "\(unit): \(what)"
    }
  }
}
