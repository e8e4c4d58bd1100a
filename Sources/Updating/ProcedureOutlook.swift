package import VersionSpace

/// What one stop says of one procedure of an update, and why.
///
/// Derived from the `StopDecision` that an update would make of the same stop.
package struct ProcedureOutlook: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable, Codable {
    /// It is the same in both versions, and moves to the new one at once.
    case unchanged
    /// Only the new version has it.
    case added
    /// Only the old version has it; its body stays while old code can call it.
    case removed
    /// Its slot leads to the new version already.
    case updated
    /// Nothing holds it: this stop would update it.
    case free
    /// It is held.
    case waits
    /// Its live activations never return and finish in old code; later calls are of the new version.
    case resident
    /// The update cannot be done at all.
    case refused
  }

  /// One step from a held procedure to what is on a stack.
  package enum Link: Hashable, Sendable {
    /// It is on these stacks (rule 1); the last link.
    case active(ProcedureID, [ProgramFrame])
    /// A stack that cannot be walked counts as if everything were on it; the last link.
    case notWalked(tid: Int32, reason: String, at: TraceeAddress)
    /// Its new implementation can reach the last of these procedures by these calls (rule 2).
    case reaches([ProcedureID])
    /// It changes in one stop with another one (rule 3), because of what `reason` names.
    case grouped(ProcedureID, with: ProcedureID, reason: String)
  }

  package var procedure: ProcedureID
  package var verdict: Verdict
  /// From the procedure to what holds it; empty unless it waits.
  package var chain: [Link] = []
  /// Its activations that are on stacks, innermost first in each thread.
  package var frames: [ProgramFrame]
  /// Why the update is refused.
  package var refusal: String?

  /// Judges `procedure` by what a stop showed.
  ///
  /// - Parameters:
  ///   - procedure: one of the plan's model.
  ///   - plan: the update.
  ///   - progress: how far it is.
  ///   - survey: what was seen.
  ///   - consistency: the rules that the update goes by.
  ///   - old: the procedures of the version that the update begins with.
  package init(
    of procedure: ProcedureID, plan: UpdatePlan, progress: UpdateProgress, survey: StackSurvey,
    consistency: Activeness.Consistency, old: Set<ProcedureID>
  ) {
    let decision = StopDecision(
      plan: plan, callers: Callers(of: plan.callees), progress: progress, survey: survey,
      consistency: consistency)
    self.procedure = procedure
    frames = survey.frames.filter { $0.procedure == procedure }
    verdict = Self.verdict(procedure, plan, progress, decision, old)
    if verdict == .refused { refusal = decision.refusal }
    if verdict == .waits { chain = Self.chain(procedure, plan, decision, survey) }
  }

  private static func verdict(
    _ procedure: ProcedureID, _ plan: UpdatePlan, _ progress: UpdateProgress,
    _ decision: StopDecision, _ old: Set<ProcedureID>
  ) -> Verdict {
    guard plan.procedures.contains(where: { $0.id == procedure }) else {
      let isInNew = plan.model.binding.procedures.contains { $0.id == procedure }
      guard old.contains(procedure) else { return isInNew ? .added : .removed }
      return isInNew ? .unchanged : .removed
    }
    if decision.refusal != nil { return .refused }
    if decision.resident.contains(procedure) { return .resident }
    if progress.updated.contains(procedure) { return .updated }
    return decision.held[procedure] == nil ? .free : .waits
  }

  /// Follows the causes, each of which was found before the one that rests on it.
  private static func chain(
    _ procedure: ProcedureID, _ plan: UpdatePlan, _ decision: StopDecision, _ survey: StackSurvey
  ) -> [Link] {
    var chain: [Link] = []
    var next = procedure
    while chain.count <= decision.held.count {
      switch decision.held[next] {
      case .reaches(let other):
        chain.append(
          .reaches(
            CallPath.shortest(from: next, to: other, in: plan.callees) ?? [next, other]))
        next = other
      case .grouped(let other):
        let group = plan.groups.first {
          $0.members.contains(next) && $0.members.contains(other)
        }
        chain.append(.grouped(next, with: other, reason: group?.reason ?? ""))
        next = other
      case .active, nil:
        return chain + [end(next, survey)]
      }
    }
    return chain
  }

  private static func end(_ procedure: ProcedureID, _ survey: StackSurvey) -> Link {
    let frames = survey.frames.filter { $0.procedure == procedure && !$0.isResident }
    guard frames.isEmpty, let thread = survey.notSafe.first else {
      return .active(procedure, frames)
    }
    return .notWalked(tid: thread.tid, reason: thread.reason.sentence, at: thread.at)
  }
}
