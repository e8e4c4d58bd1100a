package import VersionSpace

/// What one stop decided: which stores to make now, and for whom to wait.
package struct StopDecision: Hashable, Sendable {
  /// Why the update cannot be done at all; nothing is then written.
  package var refusal: String?
  package var updated: [PlannedProcedure] = []
  /// Indices into the plan's `data` and `maps`.
  package var data: [Int] = []
  package var maps: [Int] = []
  /// Procedures whose only activations are resident.
  package var resident: Set<ProcedureID> = []
  package var held: [ProcedureID: Activeness.Cause] = [:]
  /// The frames whose return is waited for: per thread the outermost one of each cause.
  package var blocking: [ProgramFrame] = []

  package var isComplete: Bool { held.isEmpty && refusal == nil }

  /// Decides from what a stop showed (design: "When a procedure may be updated").
  ///
  /// `callers`: δ of the plan, backwards.
  package init(
    plan: UpdatePlan, callers: Callers, progress: UpdateProgress, survey: StackSurvey,
    consistency: Activeness.Consistency
  ) {
    let pending = plan.procedures.filter { !progress.updated.contains($0.id) }
    let active = survey.active.subtracting(plan.declaredResidents)
    if let reason = Self.refusal(plan, pending, survey) {
      refusal = reason
      return
    }
    let unsafe = !survey.notSafe.isEmpty
    let activeness = Activeness(
      changed: Set(pending.map(\.id)),
      active: unsafe ? active.union(pending.map(\.id)) : active, resident: survey.resident,
      callers: callers,
      groups: plan.groups.map { UpdateGroup(members: $0.members, reason: $0.reason) },
      consistency: consistency)
    held = activeness.held()
    updated = pending.filter { held[$0.id] == nil }
    resident = Set(plan.procedures.map(\.id)).intersection(
      survey.resident.union(survey.active.intersection(plan.declaredResidents))
    ).subtracting(active)
    let blocked = active.union(held.keys)
    func isFree(_ group: Int?) -> Bool {
      guard !unsafe else { return false }
      guard let group else { return true }
      return plan.groups[group].members.isDisjoint(with: blocked)
    }
    data = plan.data.indices.filter {
      !progress.resetData.contains($0) && isFree(plan.data[$0].group)
    }
    maps = plan.maps.indices.filter {
      !progress.ranMaps.contains($0) && isFree(plan.maps[$0].group)
    }
    blocking = Self.blocking(plan, pending, survey, held: Set(held.keys))
    if blocking.isEmpty, data.count + progress.resetData.count < plan.data.count {
      blocking = survey.frames.filter { frame in
        !frame.isResident && plan.groups.contains { $0.members.contains(frame.procedure) }
      }
    }
  }

  /// Whether everything that the plan has would be done after this decision.
  package func completes(_ plan: UpdatePlan, after progress: UpdateProgress) -> Bool {
    refusal == nil && held.isEmpty
      && progress.resetData.count + data.count == plan.data.count
      && progress.ranMaps.count + maps.count == plan.maps.count
  }

  private static func refusal(
    _ plan: UpdatePlan, _ pending: [PlannedProcedure], _ survey: StackSurvey
  ) -> String? {
    let resident = survey.resident
    for group in plan.groups where group.forbidsResidents {
      guard let first = group.members.intersection(resident).min() else { continue }
      return "\(plan.model[first].name) runs as the outermost procedure of a thread and would use "
        + "the old one of \(group.reason) for ever; make it return, or declare it harmless"
    }
    for procedure in pending
    where resident.contains(procedure.id) && !procedure.changedInside.isEmpty {
      let names = procedure.changedInside.joined(separator: ", ")
      return "\(names) changed, but only inside \(procedure.name), which never returns: "
        + "build both versions with pupcc --keep-calls"
    }
    return refusalOfNothing(plan, pending, survey)
  }

  /// Why an update of main alone is refused: it would be a success that changes nothing, while what
  /// was meant is probably inlined into it.
  private static func refusalOfNothing(
    _ plan: UpdatePlan, _ pending: [PlannedProcedure], _ survey: StackSurvey
  ) -> String? {
    guard pending.count == 1, plan.procedures.count == 1, plan.data.isEmpty, plan.maps.isEmpty,
      let only = pending.first, survey.resident.contains(only.id),
      !survey.active.contains(only.id), !only.inlinedHere.isEmpty
    else { return nil }
    return "only \(only.name) changed, which never returns, and into which "
      + "\(only.inlinedHere.joined(separator: ", ")) "
      + (only.inlinedHere.count == 1 ? "is" : "are")
      + " inlined: nothing would take effect; build both versions with pupcc --keep-calls"
  }

  /// The outermost frame, per thread, of each procedure in S that makes something wait.
  private static func blocking(
    _ plan: UpdatePlan, _ pending: [PlannedProcedure], _ survey: StackSurvey,
    held: Set<ProcedureID>
  ) -> [ProgramFrame] {
    guard !held.isEmpty else { return [] }
    var holders = held
    for group in plan.groups where !group.members.isDisjoint(with: held) {
      holders.formUnion(group.members)
    }
    var outermost: [Int32: ProgramFrame] = [:]
    for frame in survey.frames where !frame.isResident && holders.contains(frame.procedure) {
      if let known = outermost[frame.tid], known.depth >= frame.depth { continue }
      outermost[frame.tid] = frame
    }
    return outermost.values.sorted { ($0.tid, $0.depth) < ($1.tid, $1.depth) }
  }
}
