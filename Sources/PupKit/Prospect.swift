import Comparing
import PupProtocol
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

/// The update that a question is about.
enum Prospect: Sendable {
  /// None is pending, and none was named.
  case none
  case pending(UpdateRun)
  /// What an update to a version that was named would do.
  case planned(UpdatePlan, LoadedVersion)
  /// Nothing differs, for this reason.
  case already(String)
  /// It would be refused, for these reasons; where files could be compared, with how they differ.
  case refused([String], Changes?)

  var plan: UpdatePlan? {
    switch self {
    case .pending(let run): run.plan
    case .planned(let plan, _): plan
    case .none, .already, .refused: nil
    }
  }
}

extension Program {
  /// Finds out which update is meant, and writes nothing.
  ///
  /// `request`: `nil` for the pending one.
  ///
  /// - Throws: `cannot("busy")` if another one is pending, and what is wrong with a file.
  func prospect(
    _ request: UpdateRequest?, _ sight: Sight
  ) async throws(ServiceFailure) -> Prospect {
    guard let request else { return sight.pending.map(Prospect.pending) ?? .none }
    let wanted = try await wanted(request, keeping: false)
    if let pending, sight.pending === pending.run {
      guard pending.version.build == wanted.version.build else {
        throw .cannot(
          "busy",
          "\(name) is being updated to version \(pending.run.plan.to.rawValue); only that update can "
            + "be looked at")
      }
      return .pending(pending.run)
    }
    guard let current, let model else { throw .cannot("not-running", "\(name) is not running") }
    guard wanted.version.build != current.build else {
      return .already("the program is build \(current.build) already")
    }
    let preparation = Preparation(target: sight.target, model: model, current: current)
    do throws(PupFailure) {
      switch try await preparation.prepare(wanted) {
      case .already: return .already("nothing differs")
      case .refused(_, let reasons, let changes): return .refused(reasons, changes)
      case .ready(let ready): return .planned(ready.plan, wanted.version)
      }
    } catch {
      guard error.exitCode != 2 else { throw ServiceFailure(error) }
      return .refused([error.sentence], nil)
    }
  }
}

/// What a stop showed of an update: enough to judge each of its procedures.
struct Judgement {
  let plan: UpdatePlan
  let progress: UpdateProgress
  let survey: StackSurvey
  let consistency: Activeness.Consistency
  let old: Set<ProcedureID>

  init(_ plan: UpdatePlan, _ state: UpdateState, _ stacks: [ThreadStack], _ sight: Sight) {
    self.plan = plan
    progress = state.progress
    consistency = state.consistency
    survey = StackSurvey(
      stacks: stacks, map: CodeMap(plan.model.implementations), model: plan.model)
    old = Set((sight.versions.first?.binding.procedures ?? []).map(\.id))
  }

  func outlook(_ procedure: ProcedureID) -> ProcedureOutlook {
    ProcedureOutlook(
      of: procedure, plan: plan, progress: progress, survey: survey, consistency: consistency,
      old: old)
  }
}
