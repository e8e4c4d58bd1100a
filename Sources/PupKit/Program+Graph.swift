import Comparing
package import PupProtocol
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

extension Program {
  package func graph(_ request: GraphRequest) async throws(ServiceFailure) -> GraphReport {
    let sight = try sight()
    let prospect = try await prospect(request.update, sight)
    let stopped = try await sight.look()
    let state = await sight.state()
    var report = GraphReport(
      program: name, from: sight.versions[0].binding.version.rawValue,
      pauseMicroseconds: stopped.times.stoppedMicroseconds)
    let marks: GraphMarks
    switch prospect {
    case .pending(let run):
      marks = GraphMarks(Judgement(run.plan, state, stopped.outcome, sight))
      report.isPending = true
    case .planned(let plan, _):
      marks = GraphMarks(Judgement(plan, state, stopped.outcome, sight))
    case .refused(let reasons, let changes):
      marks = GraphMarks(stopped.outcome, sight, changes)
      report.refused = reasons
    case .none, .already: marks = GraphMarks(stopped.outcome, sight, nil)
    }
    report.to = prospect.plan?.to.rawValue
    report.refused += marks.refusal.map { [$0] } ?? []
    report.draw(sight, marks)
    return report
  }
}

/// What an update and the stacks have to do with each procedure.
private struct GraphMarks {
  var changed: Set<ProcedureID> = []
  var updated: Set<ProcedureID> = []
  var active: Set<ProcedureID>
  var resident: Set<ProcedureID>
  var held: Set<ProcedureID> = []
  var refusal: String?

  init(_ judgement: Judgement) {
    let decision = StopDecision(
      plan: judgement.plan, callers: Callers(of: judgement.plan.callees),
      progress: judgement.progress, survey: judgement.survey,
      consistency: judgement.consistency)
    changed = Set(judgement.plan.procedures.map(\.id))
    updated = judgement.progress.updated
    active = judgement.survey.active
    resident = judgement.survey.resident
    held = Set(decision.held.keys)
    refusal = decision.refusal
  }

  /// Without a plan: `changes`, if files could be compared, says what differs.
  init(_ stacks: [ThreadStack], _ sight: Sight, _ changes: Changes?) {
    let survey = StackSurvey(
      stacks: stacks, map: CodeMap(sight.model.implementations), model: sight.model)
    active = survey.active
    resident = survey.resident
    let bound = sight.versions[0].binding.procedures
    changed = Set((changes?.changedProcedures ?? []).compactMap { $0.old.map { bound[$0].id } })
  }
}

extension GraphReport {
  /// Fills in nodes and edges from the delta of the running version.
  fileprivate mutating func draw(_ sight: Sight, _ marks: GraphMarks) {
    let version = sight.versions[0]
    let names = DisplayNames(version.delta)
    for (index, procedure) in version.delta.procedures.enumerated() {
      let id = version.binding.procedures[index].id
      var node = GraphNode(
        name: names.name(ofProcedure: index), file: version.delta.units[procedure.unit].path)
      node.isChanged = marks.changed.contains(id)
      node.isUpdated = marks.updated.contains(id)
      node.isActive = marks.active.contains(id)
      node.isResident = marks.resident.contains(id)
      node.isHeld = marks.held.contains(id)
      nodes.append(node)
      for edge in procedure.calls {
        edges.append(
          GraphEdge(
            from: index, to: edge.callee, kind: .init(rawValue: edge.kind.rawValue) ?? .direct))
      }
    }
  }
}
