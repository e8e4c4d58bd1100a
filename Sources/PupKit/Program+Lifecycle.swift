import Foundation
import Glibc
import ProgramImages
package import PupProtocol
import Relinking
import Tracee
import Updating
import VersionSpace

extension Program: ProgramService {
  package func load(_ request: LoadRequest) async throws(ServiceFailure) -> LoadReport {
    let path = request.path ?? request.delta.map { String($0.dropLast(".delta".count)) }
    guard let path else {
      throw .malformed("no-file", "load: neither a program nor a delta is named")
    }
    let version = try await read(path)
    if let delta = request.delta, let object = request.object {
      try await checkCompanions(delta, object, against: version)
    }
    let number = max(loaded.keys.max() ?? 0, currentVersion) + 1
    if let wanted = request.version, wanted != number {
      throw .cannot(
        "version-number",
        wanted < number
          ? "\(name) has a version \(wanted) already; the next one is \(number)"
          : "\(name): version \(number) is the next one, not \(wanted)")
    }
    loaded[number] = version
    emit(.loaded, "Version \(number) of program \(name) loaded successfully") {
      $0.version = number
    }
    return report(on: version, number: number)
  }

  private func report(on version: LoadedVersion, number: Int) -> LoadReport {
    let procedures = version.index.image.delta.procedures
    let closure =
      procedures.count > 64
      ? nil : TransitiveClosure(callees: procedures.map { $0.calls.map(\.callee) })
    return LoadReport(
      program: name, version: number, build: version.build.rawValue,
      procedures: procedures.count,
      reach: closure.map { $0.rows.map { row in row.map { $0 ? 1 : 0 } } },
      codeBytes: procedures.flatMap(\.parts).reduce(0) { $0 + Int($1.byteCount) },
      address: Self.address(of: version, in: model))
  }

  /// In a program that runs, the next free place of its arena; else where the linker put the code.
  private static func address(of version: LoadedVersion, in model: ProgramModel?) -> String {
    if let model {
      return TraceeAddress(rawValue: model.text.range.lowerBound + model.text.used).description
    }
    let first = version.index.image.delta.procedures.flatMap(\.parts).map(\.address.rawValue).min()
    return TraceeAddress(rawValue: first ?? 0).description
  }

  package func run(_ request: RunRequest) async throws(ServiceFailure) -> StatusReport {
    guard target == nil else { throw .cannot("exists", "\(name) runs already") }
    var request = request
    let version: LoadedVersion
    if let path = request.path {
      version = try await read(path)
    } else if let first = loaded.keys.min(), let found = loaded.removeValue(forKey: first) {
      version = found
      request.arguments = [found.origin] + request.arguments
      // The copy is for what was overwritten meanwhile.
      let isUnchanged = try? ProgramImages.read(found.origin).delta.buildID == found.build
      request.path = isUnchanged == true ? found.origin : nil
    } else {
      throw .cannot("nothing-loaded", "\(name): load a version first, or name a program to run")
    }
    logPath = request.log
    trace("pup: INTERRUPT! (pup state: 0) received command RUN")
    do throws(PupFailure) {
      let started = try await Launch(
        request: request, version: version, path: request.path ?? version.path
      ) { [weak self] address in
        Task { await self?.trace("Execution begins at address \(address)...") }
      }.start()
      child = started.child
      target = started.target
      try adopt(version, started.target)
    } catch {
      throw ServiceFailure(error)
    }
    UnusedMemory.release()
    emit(.started, "Program \(name) is now running") { [target] event in
      event.pid = target.map { Int($0.pid) }
    }
    watchForEnd()
    return await statusReport()
  }

  private func trace(_ text: String) {
    if isDebugging { emit(.primitive, text) }
  }

  /// Makes `version` the one that a target runs, with a model of its own.
  private func adopt(_ version: LoadedVersion, _ target: TargetProcess) throws(PupFailure) {
    let model = try Recovery.initialModel(version, target)
    self.model = model
    current = version
    history = [VersionRecord(1, version)]
    try store.begin(
      .init(target, build: version.build), model: model)
  }

  /// Books the target's end when it comes, and tells everybody.
  private func watchForEnd() {
    guard let target else { return }
    let isChild = child != nil
    let thread = Thread { [weak self] in
      ChildProcess.waitForEnd(of: target.pid)
      let status = isChild ? ChildProcess.reap(target.pid) : nil
      Task { await self?.noteEnd(status) }
    }
    thread.start()
  }

  private func noteEnd(_ status: Int?) async {
    hasEnded = true
    exitStatus = status
    if let pending { _ = await pending.task.value }
    emit(.exited, "Program \(name) has ended" + (status.map { " with status \($0)" } ?? "")) {
      $0.exit = status
    }
    events.finish()
  }

  package func attach(_ request: AttachRequest) async throws(ServiceFailure) -> AttachReport {
    guard target == nil else { throw .cannot("exists", "\(name) has a target already") }
    logPath = request.log
    do throws(PupFailure) {
      let found = try await Recovery(store: store, pid: Int32(request.pid)).recover()
      target = found.target
      model = found.model
      current = found.version
      history = try store.history()
      watchForEnd()
      emit(.started, "Program \(name) adopted") { $0.pid = request.pid }
      guard let left = found.pending else {
        return AttachReport(
          pending: found.wasUndone ? .undone : .none, status: await statusReport(),
          message: found.wasUndone ? "an update that had not begun to take effect was undone" : nil)
      }
      let run = launch(left.id, left.stop, left.version, found.target)
      let report = await report(of: run, within: 10)
      return AttachReport(
        pending: Self.pending(report.result), status: await statusReport(),
        message: report.headline)
    } catch {
      throw ServiceFailure(error)
    }
  }

  private static func pending(_ result: UpdateReport.Result) -> AttachReport.Pending {
    switch result {
    case .updated, .already: .finished
    case .waiting: .waiting
    case .undone, .refused: .undone
    }
  }

  package func wait(_ request: WaitRequest) async throws(ServiceFailure) -> UpdateReport {
    if let pending, request.update == nil || request.update == pending.id {
      return await report(of: pending, within: request.seconds ?? 86_400)
    }
    if let wanted = request.update, wanted != lastReport?.id {
      throw .cannot("no-update", "\(name) has no update \(wanted)")
    }
    return lastReport
      ?? UpdateReport(program: name, result: .already, from: currentVersion, to: currentVersion)
  }

  package func cancel(_ request: CancelRequest) async throws(ServiceFailure) -> UpdateReport {
    guard let pending, request.update == nil || request.update == pending.id else {
      throw .cannot("nothing-pending", "\(name) has no update that waits")
    }
    if await !pending.run.progress.ranMaps.isEmpty {
      throw .cannot(
        "map-ran", "an mprocedure of this update has run; it can only go on")
    }
    await pending.run.cancel()
    return await pending.task.value
  }

  package func status() async throws(ServiceFailure) -> StatusReport { await statusReport() }

  func statusReport() async -> StatusReport {
    var report = StatusReport(program: name, state: .loaded, version: currentVersion)
    report.pup.pid = Int(getpid())
    report.target = TargetStatus(
      pid: target.map { Int($0.pid) }, exit: exitStatus, log: logPath)
    if target != nil { report.state = hasEnded ? .exited : .running }
    if let pending {
      report.state = .updating
      let waiting = await pending.run.waiting.map {
        WaitingProcedure(procedure: $0.procedure, tid: Int($0.tid), frame: $0.frame)
      }
      report.pending = [
        PendingUpdate(
          id: pending.id, from: pending.run.plan.from.rawValue, to: pending.run.plan.to.rawValue,
          waiting: waiting)
      ]
    }
    return report
  }

  package func stop(_ request: StopRequest) async throws(ServiceFailure) -> StatusReport {
    guard let target, !hasEnded else { return await statusReport() }
    if let pending { await pending.run.cancel() }
    kill(target.pid, SIGTERM)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(request.seconds)
    while !hasEnded, clock.now < end {
      do { try await Task.sleep(for: .milliseconds(10)) } catch { break }
    }
    if !hasEnded {
      kill(target.pid, SIGKILL)
      while !hasEnded { do { try await Task.sleep(for: .milliseconds(10)) } catch { break } }
    }
    return await statusReport()
  }

  package func watch(
    _ request: WatchRequest
  ) async throws(ServiceFailure) -> AsyncStream<ProgramEvent> {
    events.subscribe()
  }

  package nonisolated func announce(_ event: ProgramEvent) { events.send(event) }
}
