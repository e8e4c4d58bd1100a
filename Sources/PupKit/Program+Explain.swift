import Comparing
package import PupProtocol
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

extension Program {
  package func explain(
    _ request: ExplainRequest
  ) async throws(ServiceFailure) -> ExplainReport {
    let sight = try sight()
    let prospect = try await prospect(request.update, sight)
    let explanation = Explanation(
      program: request.called ?? name, version: currentVersion, sight: sight, prospect: prospect)
    let meaning = explanation.names.meaning(of: request.procedure)
    switch meaning {
    case .unknown(let suggestion):
      throw .malformed(
        "no-procedure",
        "\(name) has no procedure \(request.procedure)"
          + (suggestion.map { "; did you mean \($0)?" } ?? ""))
    case .ambiguous(let names):
      throw .malformed(
        "ambiguous", "\(request.procedure) is one of \(names.joined(separator: ", "))")
    case .procedure, .inlined: break
    }
    let stopped = try await sight.look()
    let state = await sight.state()
    var report =
      switch meaning {
      case .procedure(let id): explanation.report(of: id, stopped.outcome, state)
      case .inlined(let hosts):
        explanation.report(ofInlined: request.procedure, in: hosts, stopped.outcome, state)
      case .unknown, .ambiguous: preconditionFailure("they were told apart above")
      }
    report.pauseMicroseconds = stopped.times.stoppedMicroseconds
    return report
  }
}

/// Explains procedures of one update by what one stop shows.
private struct Explanation {
  let program: String
  let version: Int
  let sight: Sight
  let prospect: Prospect
  let names: ProcedureNames
  private let places: CodePlaces

  init(program: String, version: Int, sight: Sight, prospect: Prospect) {
    self.program = program
    self.version = version
    self.sight = sight
    self.prospect = prospect
    var versions = sight.versions
    if case .planned(let plan, let version) = prospect {
      versions.append(.init(delta: version.index.image.delta, binding: plan.model.binding))
    }
    names = ProcedureNames(model: prospect.plan?.model ?? sight.model, versions: versions)
    places = CodePlaces(model: sight.model, versions: sight.versions)
  }

  private var model: ProgramModel { prospect.plan?.model ?? sight.model }
  private var isPending: Bool { if case .pending = prospect { true } else { false } }

  private func place(_ frame: ProgramFrame) -> String {
    guard let place = places.place(of: frame.lookupAddress), let file = place.file,
      let line = place.line
    else { return "" }
    return "\(DisplayNames.baseName(file)):\(line)"
  }

  private func text(_ plan: UpdatePlan) -> OutlookText {
    OutlookText(program: program, plan: plan, isPending: isPending, place: place)
  }

  func report(
    of id: ProcedureID, _ stacks: [ThreadStack], _ state: UpdateState
  ) -> ExplainReport {
    guard let plan = prospect.plan else { return report(of: id, without: stacks) }
    let outlook = Judgement(plan, state, stacks, sight).outlook(id)
    let text = text(plan)
    var report = ExplainReport(
      program: program, procedure: model[id].name,
      verdict: .init(rawValue: outlook.verdict.rawValue) ?? .none, from: plan.from.rawValue,
      to: plan.to.rawValue, isPending: isPending, headline: text.headline(outlook),
      reasons: text.reasons(outlook), advice: text.advice(outlook))
    report.because = outlook.chain.flatMap { hold($0) }
    if outlook.verdict == .free, !isPending {
      report.advice.append("ush update \(program) with what was named here does it")
    }
    report.reasons += copies(of: id)
    return report
  }

  /// That a procedure's copies inside of others change with those.
  private func copies(of id: ProcedureID) -> [String] {
    let hosts = names.hosts(of: model[id].name).filter { $0 != id }.map { model[$0].name }
    guard !hosts.isEmpty else { return [] }
    return ["copies of it are inlined into \(hosts.joined(separator: ", ")), and change with them"]
  }

  /// Where no plan was made: because nothing is asked for, nothing differs, or it is refused.
  private func report(of id: ProcedureID, without stacks: [ThreadStack]) -> ExplainReport {
    let survey = StackSurvey(
      stacks: stacks, map: CodeMap(sight.model.implementations), model: sight.model)
    let frames = survey.frames.filter { $0.procedure == id }
    let name = model[id].name
    var report = ExplainReport(
      program: program, procedure: name, verdict: .none, from: version, headline: "")
    report.because = frames.isEmpty ? [] : hold(.active(id, frames))
    switch prospect {
    case .already(let reason):
      report.verdict = .already
      report.headline = "\(name) needs no update: \(reason)"
    case .refused(let reasons, let changes):
      report.verdict = .refused
      report.headline = "\(name) cannot be updated: the update would be refused as a whole"
      report.reasons = refusals(of: id, reasons, changes)
    case .none, .pending, .planned:
      report.headline = "\(name): no update of \(program) is pending"
      report.advice = ["ush explain \(program) \(name) FILE compares with the version in FILE"]
    }
    if let activity = activity(frames) { report.reasons.append("\(name) is \(activity)") }
    return report
  }

  private func activity(_ frames: [ProgramFrame]) -> String? {
    guard !frames.isEmpty else { return nil }
    let plan = UpdatePlan(
      from: sight.model.binding.version, to: sight.model.binding.version,
      build: sight.model.binding.buildID, model: sight.model)
    return text(plan).activity(frames) + (frames.contains(where: \.isResident) ? ", resident" : "")
  }

  /// Those that concern the procedure first.
  private func refusals(
    of id: ProcedureID, _ reasons: [String], _ changes: Changes?
  ) -> [String] {
    guard let changes,
      let index = changes.procedures.firstIndex(where: { change in
        change.old.map { sight.model.binding.procedures[$0].id == id } ?? false
      })
    else { return reasons }
    let change = changes.procedures[index]
    let own = changes.refusals(of: index).map(\.description)
    let others = reasons.filter { !own.contains($0) }
    return [
      change.isUpdated
        ? "\(change.name) changes (\(change.reasonText))" : "\(change.name) itself does not change"
    ] + own.map { "because of \(change.name): \($0)" } + others.map { "because of others: \($0)" }
  }

  func report(
    ofInlined name: String, in hosts: [ProcedureID], _ stacks: [ThreadStack],
    _ state: UpdateState
  ) -> ExplainReport {
    let hostNames = hosts.map { model[$0].name }.joined(separator: ", ")
    var report = ExplainReport(
      program: program, procedure: name, verdict: .inlined, from: version,
      isPending: isPending,
      headline: "\(name) has no body of its own: it is inlined into \(hostNames)")
    for host in hosts {
      let found = self.report(of: host, stacks, state)
      report.to = found.to
      report.reasons += [found.headline] + found.reasons
      if found.verdict == .resident {
        report.reasons.append("the copy of \(name) in \(found.procedure) stays as it is")
      }
      report.because += found.because
      report.advice += found.advice.filter { !report.advice.contains($0) }
    }
    report.advice.append("built with PUPCC_FLAGS=--keep-calls it is a procedure of its own")
    return report
  }

  private func hold(_ link: ProcedureOutlook.Link) -> [HoldReport] {
    switch link {
    case .active(let id, let frames):
      frames.map {
        HoldReport(kind: .active, path: [model[id].name], tid: Int($0.tid), frame: $0.depth)
      }
    case .notWalked(let tid, let reason, let address):
      [HoldReport(kind: .notWalked, tid: Int(tid), reason: "\(reason) at \(address)")]
    case .reaches(let path): [HoldReport(kind: .reaches, path: path.map { model[$0].name })]
    case .grouped(let id, let other, let reason):
      [HoldReport(kind: .grouped, path: [model[id].name, model[other].name], reason: reason)]
    }
  }
}
