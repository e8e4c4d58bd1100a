import Comparing
import Journal
package import PupProtocol
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

extension Program {
  package func update(_ request: UpdateRequest) async throws(ServiceFailure) -> UpdateReport {
    let wanted = try await wanted(request)
    let seconds = wanted.waitSeconds ?? UpdateRequest.defaultWaitSeconds
    if let joined = join(wanted.version.build) {
      return await report(of: joined, within: seconds)
    }
    let begun: Result<Begun, ServiceFailure> = await inOrder { [self] in
      do throws(ServiceFailure) {
        return .success(try await begin(wanted))
      } catch {
        return .failure(error)
      }
    }
    switch begun {
    case .failure(let failure): throw failure
    case .success(.over(let report)): return report
    case .success(.pending(let run)): return await report(of: run, within: seconds)
    }
  }

  enum Begun: Sendable {
    case over(UpdateReport)
    case pending(PendingRun)
  }

  /// An update to the same build that is pending already.
  private func join(_ build: BuildID) -> PendingRun? {
    guard let pending, pending.version.build == build else { return nil }
    return pending
  }

  private func begin(_ wanted: Wanted) async throws(ServiceFailure) -> Begun {
    guard let target, let current, let model, !hasEnded else {
      throw .cannot("not-running", "\(name) is not running")
    }
    if let pending {
      guard pending.version.build != wanted.version.build else { return .pending(pending) }
      throw .cannot(
        "busy",
        "\(name) is being updated to version \(pending.run.plan.to.rawValue); wait for it or cancel it"
      )
    }
    var report = UpdateReport(
      program: name, result: .already, from: currentVersion, to: currentVersion)
    guard wanted.version.build != current.build else {
      report.reason = "the program is build \(current.build) already"
      return .over(report)
    }
    let preparation = Preparation(target: target, model: model, current: current)
    let verdict: Preparation.Verdict
    do throws(PupFailure) {
      verdict = try await preparation.prepare(wanted)
    } catch {
      if error.exitCode == 2 { throw ServiceFailure(error) }
      report.result = .refused
      report.reason = error.sentence
      return .over(report)
    }
    switch verdict {
    case .already(let ignored):
      report.ignored = ignored
      report.reason = "nothing differs"
      return .over(report)
    case .refused(_, let reasons, _):
      report.result = .refused
      report.reason = reasons.joined(separator: "; ")
      emit(.refused, report.reason ?? "") { $0.report = report }
      return .over(report)
    case .ready(let ready):
      return try await start(ready, wanted.version, target)
    }
  }

  /// Writes what was prepared into the arenas, where no code leads yet, and sets the run going.
  private func start(
    _ ready: Preparation.Ready, _ version: LoadedVersion, _ target: TargetProcess
  ) async throws(ServiceFailure) -> Begun {
    let id: Int
    let stop: UpdateStop
    var times = ready.times
    do throws(PupFailure) {
      id = try times.measure("record") { () throws(PupFailure) in try store.begin(ready.plan) }
      Step.named("begun")
      try times.measure("inject") { () throws(PupFailure) in
        try ready.injection.write(into: target, model: ready.plan.model)
        Step.named("injected")
        try store.note(id, .injected)
        try target.note(update: id, isUnderWay: true, version: nil)
      }
      stop = try times.measure("unwind") { () throws(PupFailure) in
        try Self.stop(ready.plan, target)
      }
    } catch {
      throw ServiceFailure(error)
    }
    UnusedMemory.release()
    return .pending(launch(id, stop, version, target, times))
  }

  private static func stop(
    _ plan: UpdatePlan, _ target: TargetProcess
  ) throws(PupFailure) -> UpdateStop {
    let unwind: UnwindTable
    do throws(TraceeFailure) {
      unwind = try UnwindSources.table(of: target, model: plan.model)
    } catch {
      throw .tracee(error, pid: target.pid)
    }
    var stop = UpdateStop(
      plan: plan, map: CodeMap(plan.model.implementations), unwind: unwind, consistency: .strict,
      progress: UpdateProgress(), gates: Gates())
    stop.atStep = { Step.named($0) }
    return stop
  }

  /// Sets a run going, also one that an earlier pup left.
  func launch(
    _ id: Int, _ stop: UpdateStop, _ version: LoadedVersion, _ target: TargetProcess,
    _ times: PhaseTimes? = nil
  ) -> PendingRun {
    let store = store
    let run = UpdateRun(
      plan: stop.plan, stop: stop, tracer: tracer, target: target,
      record: { (progress) throws(PupFailure) in try store.note(id, progress) },
      sink: { [weak self] event in
        guard let self else { return }
        EventText(program: name, update: id, plan: stop.plan, isDebugging: isDebugging)
          .send(event, to: events)
      })
    announce(id, stop.plan)
    let task = Task { [weak self] in
      let ending = await run.drive()
      return await self?.finish(id, run, ending, times)
        ?? UpdateReport(program: "", result: .undone, from: 0, to: 0)
    }
    let pending = PendingRun(id: id, run: run, version: version, times: times, task: task)
    self.pending = pending
    return pending
  }

  private func announce(_ id: Int, _ plan: UpdatePlan) {
    emit(
      .accepted,
      "Update of program \(name) from version \(plan.from.rawValue) to version "
        + "\(plan.to.rawValue) begins..."
    ) {
      $0.update = id
      $0.version = plan.to.rawValue
    }
    let names = plan.procedures.map(\.name)
    emit(.changed, "\(names.count) procedures have changed between versions:") {
      $0.update = id
      $0.procedures = names
    }
  }

  /// Books the end of a run; one that was given up is taken back first.
  private func finish(
    _ id: Int, _ run: UpdateRun, _ ending: UpdateEnding, _ times: PhaseTimes?
  ) async -> UpdateReport {
    var report = await snapshot(of: run, id: id, times)
    let kind: ProgramEvent.Kind
    var note = ""
    switch ending {
    case .updated:
      report.result = .updated
      model = run.plan.model
      current = pending?.version
      noteHistory(run.plan.to.rawValue)
      kind = .completed
    case .undone(let code, let reason):
      let isRefusal = code == "resident"
      report.result = isRefusal ? .refused : .undone
      report.updated = []
      report.waiting = []
      report.to = report.from
      report.reason = reason
      note = reason
      kind = isRefusal ? .refused : .undone
      await takeBack(run)
    }
    Step.named("ending")
    do throws(PupFailure) {
      if let target, target.isAlive {
        try target.note(
          update: id, isUnderWay: false, version: ending == .updated ? run.plan.to : nil)
      }
      try store.end(
        id, isDone: ending == .updated, note: note, model: model, build: current?.build)
      store.forget(except: Set([current?.build].compactMap { $0 } + loaded.values.map(\.build)))
    } catch {
      report.reason = [report.reason, error.sentence].compactMap { $0 }.joined(separator: "; ")
    }
    pending = nil
    let newest = currentVersion
    loaded = loaded.filter { $0.key > newest }
    lastReport = report
    emit(kind, report.headline) {
      $0.update = id
      $0.report = report
    }
    return report
  }

  /// Brings slots and data back to what they were, as an update in the other direction, and the
  /// unwind index to the rows of before.
  private func takeBack(_ run: UpdateRun) async {
    guard let target, target.isAlive, let model else { return }
    let progress = await run.progress
    let back = run.plan.reversed(progress, model: model)
    do throws(PupFailure) {
      var stop = try Self.stop(back, target)
      stop.gates = await run.gates
      let reverse = UpdateRun(
        plan: back, stop: stop, tracer: tracer, target: target, record: { _ in }, sink: { _ in })
      _ = await reverse.drive()
      do throws(TraceeFailure) {
        var memory = try target.memory()
        try UnwindRows.write(model, to: &memory)
      } catch {
        throw .tracee(error, pid: target.pid)
      }
    } catch {
      emit(.primitive, "could not be taken back wholly: \(error.sentence)")
    }
  }

  /// The report of a run as it stands.
  func snapshot(of run: UpdateRun, id: Int, _ times: PhaseTimes?) async -> UpdateReport {
    let plan = run.plan
    var report = UpdateReport(
      id: id, program: name, result: .waiting, from: plan.from.rawValue, to: plan.to.rawValue)
    report.changed = plan.procedures.map(\.name)
    report.warped = plan.warped
    report.ignored = plan.ignored
    report.updated = await run.updated
    report.resident = await run.resident
    report.updated.removeAll { report.resident.contains($0) }
    report.waiting = await run.waiting.map {
      WaitingProcedure(procedure: $0.procedure, tid: Int($0.tid), frame: $0.frame)
    }
    report.pausesMicroseconds = await run.pauses
    report.preparation = times?.phases
    report.data =
      plan.remarks + (await run.reset).map { "reset \($0)" } + (await run.kept).map { "keep \($0)" }
    return report
  }

  /// Waits for a run's end, at most `seconds` and at least for its first stop.
  func report(of pending: PendingRun, within seconds: Double) async -> UpdateReport {
    let (reports, continuation) = AsyncStream.makeStream(of: UpdateReport.self)
    let ended = Task { continuation.yield(await pending.task.value) }
    let limit = Task { [weak self] in
      await pending.run.firstStop()
      do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
      if let report = await self?.snapshot(of: pending.run, id: pending.id, pending.times) {
        continuation.yield(report)
      }
    }
    defer {
      ended.cancel()
      limit.cancel()
    }
    for await report in reports { return report }
    return await snapshot(of: pending.run, id: pending.id, pending.times)
  }
}
