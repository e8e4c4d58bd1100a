/// `Changes` for JSON: names and reasons as people see them.
package struct ChangesSummary: Codable, Hashable, Sendable {
  package var changed: [Procedure]
  package var added: [String]
  package var removed: [String]
  package var ignored: [String]
  package var data: [Datum]
  package var groups: [Group]
  package var refusals: [String]

  package struct Procedure: Codable, Hashable, Sendable {
    package var name: String
    package var reasons: [String]
    package var beginsEpoch: Bool
  }

  package struct Datum: Codable, Hashable, Sendable {
    package var name: String
    /// `reinitialise`, `create`, `map` or `remove`.
    package var action: String
    /// The mprocedure of a `map`.
    package var by: String?
  }

  package struct Group: Codable, Hashable, Sendable {
    package var members: [String]
    package var reason: String
    package var isHard: Bool
  }

  package init(_ changes: Changes) {
    changed = changes.changedProcedures.map { change in
      guard case .changed(let reasons) = change.status else {
        return Procedure(name: change.name, reasons: [], beginsEpoch: change.beginsEpoch)
      }
      return Procedure(
        name: change.name, reasons: reasons.map(\.description), beginsEpoch: change.beginsEpoch)
    }
    added = changes.procedures.filter { $0.status == .added }.map(\.name)
    removed = changes.procedures.filter { $0.status == .removed }.map(\.name)
    ignored = changes.ignored
    data = changes.data.compactMap(Datum.init)
    groups = changes.groups.map { group in
      Group(
        members: group.members.map { changes.procedures[$0].name },
        reason: group.reason.description, isHard: group.isHard)
    }
    refusals = changes.refusals.map(\.description)
  }
}

extension ChangesSummary.Datum {
  /// `nil` for a datum that is shared.
  fileprivate init?(_ change: DatumChange) {
    switch change.action {
    case .share: return nil
    case .reinitialise: self.init(name: change.name, action: "reinitialise", by: nil)
    case .create: self.init(name: change.name, action: "create", by: nil)
    case .map(let map): self.init(name: change.name, action: "map", by: map)
    case .remove: self.init(name: change.name, action: "remove", by: nil)
    }
  }
}
