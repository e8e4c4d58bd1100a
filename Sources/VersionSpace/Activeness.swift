/// Which procedures of an update must wait, and for what (paper section 3.3; design: "When a
/// procedure may be updated").
///
/// A pure function of what was seen in one stop. All sets hold `ProcedureID`s.
package struct Activeness: Sendable {
  /// Changed procedures whose slot still leads to the old implementation.
  package var changed: Set<ProcedureID>
  /// The procedures on any stack; resident activations are not among them.
  package var active: Set<ProcedureID>
  /// Procedures that have a resident activation (design: "Resident").
  package var resident: Set<ProcedureID>
  /// δ of the new version, backwards: who may call each procedure directly.
  package var callers: Callers
  package var groups: [UpdateGroup]
  package var consistency: Consistency

  package enum Consistency: String, Sendable, Hashable, Codable {
    /// All three rules.
    case strict
    /// Without rule 2: a new implementation may call old code that is running or waiting.
    case stack
  }

  package init(
    changed: Set<ProcedureID>, active: Set<ProcedureID>, resident: Set<ProcedureID>,
    callers: Callers, groups: [UpdateGroup],
    consistency: Consistency = .strict
  ) {
    self.changed = changed
    self.active = active
    self.resident = resident
    self.callers = callers
    self.groups = groups
    self.consistency = consistency
  }

  /// Why a procedure is held.
  package enum Cause: Hashable, Sendable {
    /// It is on a stack (rule 1).
    case active
    /// Its new implementation can reach this held procedure (rule 2).
    case reaches(ProcedureID)
    /// A group that it belongs to contains this one, which is on a stack or held (rule 3).
    case grouped(with: ProcedureID)
  }

  /// The least set of held procedures, each with the first cause found.
  package func held() -> [ProcedureID: Cause] {
    var memberships: [ProcedureID: [Int]] = [:]
    for (index, group) in groups.enumerated() {
      for member in group.members { memberships[member, default: []].append(index) }
    }
    var seen: Set<ProcedureID> = []
    var held: [ProcedureID: Cause] = [:]
    var work: [ProcedureID] = []
    func hold(_ procedure: ProcedureID, _ cause: Cause) {
      guard changed.contains(procedure), held[procedure] == nil else { return }
      held[procedure] = cause
      work.append(procedure)
    }
    for procedure in changed.sorted() where active.contains(procedure) { hold(procedure, .active) }
    for group in groups {
      guard let first = group.members.first(where: active.contains) else { continue }
      for member in group.members { hold(member, .grouped(with: first)) }
    }
    while let procedure = work.popLast() {
      for group in memberships[procedure] ?? [] {
        for member in groups[group].members { hold(member, .grouped(with: procedure)) }
      }
      memberships[procedure] = nil
      guard consistency == .strict else { continue }
      for caller in reaching(procedure, &seen) { hold(caller, .reaches(procedure)) }
    }
    return held
  }

  /// What can be updated in the stop in which this was seen.
  package func inactive() -> Set<ProcedureID> { changed.subtracting(held().keys) }

  /// Every procedure whose δ* contains `procedure` and that is not in `seen`, where it is put: a
  /// walk against the edges of δ, so that no closure is ever stored.
  ///
  /// What an earlier walk has seen reaches a held procedure already, and so does all that reaches it:
  /// all walks of one decision together pass each edge once.
  private func reaching(
    _ procedure: ProcedureID, _ seen: inout Set<ProcedureID>
  ) -> [ProcedureID] {
    var found: [ProcedureID] = []
    var work = Array(callers[procedure])
    while let next = work.popLast() {
      guard seen.insert(next).inserted else { continue }
      found.append(next)
      work.append(contentsOf: callers[next])
    }
    return found
  }
}

/// Procedures that are updated in one stop or not at all.
package struct UpdateGroup: Hashable, Sendable, Codable {
  /// Unchanged members count too: while one is on a stack, the changed ones wait.
  package var members: Set<ProcedureID>
  /// For people: the datum, struct or line that made the group.
  package var reason: String

  package init(members: Set<ProcedureID>, reason: String) {
    self.members = members
    self.reason = reason
  }
}

/// δ*: which procedures each procedure can reach (paper section 3.3.1), for display.
package struct TransitiveClosure: Sendable {
  /// `rows[p][q]` is true when p can call q, at any depth.
  package let rows: [[Bool]]

  /// - Parameter callees: δ; `callees[p]` lists what p calls, as indices into `callees`.
  package init(callees: [[Int]]) {
    rows = callees.indices.map { start in
      var row = [Bool](repeating: false, count: callees.count)
      var work = callees[start]
      while let next = work.popLast() {
        if row[next] { continue }
        row[next] = true
        work.append(contentsOf: callees[next])
      }
      return row
    }
  }
}
