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
  /// δ of the new version: what each procedure's new implementation may call directly.
  package var callees: [ProcedureID: [ProcedureID]]
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
    callees: [ProcedureID: [ProcedureID]], groups: [UpdateGroup],
    consistency: Consistency = .strict
  ) {
    self.changed = changed
    self.active = active
    self.resident = resident
    self.callees = callees
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
    let callers = callersInNewVersion()
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
      for group in groups where group.members.contains(procedure) {
        for member in group.members { hold(member, .grouped(with: procedure)) }
      }
      guard consistency == .strict else { continue }
      for caller in reaching(procedure, callers) { hold(caller, .reaches(procedure)) }
    }
    return held
  }

  /// What can be updated in the stop in which this was seen.
  package func inactive() -> Set<ProcedureID> { changed.subtracting(held().keys) }

  private func callersInNewVersion() -> [ProcedureID: [ProcedureID]] {
    var callers: [ProcedureID: [ProcedureID]] = [:]
    for (caller, called) in callees {
      for callee in called { callers[callee, default: []].append(caller) }
    }
    return callers
  }

  /// Every procedure whose δ* contains `procedure`: a walk against the edges of δ, so that no
  /// closure is ever stored.
  private func reaching(
    _ procedure: ProcedureID, _ callers: [ProcedureID: [ProcedureID]]
  ) -> Set<ProcedureID> {
    var seen: Set<ProcedureID> = []
    var work = callers[procedure] ?? []
    while let next = work.popLast() {
      if seen.insert(next).inserted { work.append(contentsOf: callers[next] ?? []) }
    }
    return seen
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
