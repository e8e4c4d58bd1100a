import Relinking
import Tracee
import Updating
import VersionSpace

/// Takes over a target whose pup died, or a prepared program that somebody else started.
struct Recovery: Sendable {
  let store: ProgramStore
  let pid: Int32

  struct Found: Sendable {
    var target: TargetProcess
    var model: ProgramModel
    var version: LoadedVersion
    /// An update to go on with.
    var pending: Pending?
    /// Whether one had only been prepared, and was dropped.
    var wasUndone = false
  }

  struct Pending: Sendable {
    var id: Int
    var stop: UpdateStop
    var version: LoadedVersion
  }

  @concurrent func recover() async throws(PupFailure) -> Found {
    guard pid > 1 else { throw .refused(code: "not-a-target", "process \(pid) is no target") }
    do throws(TraceeFailure) {
      _ = try ProcessMemory(pid: pid)
    } catch {
      throw .tracee(error, pid: pid)
    }
    let running = try await VersionReader(store: store).read("/proc/\(pid)/exe")
    let target = try TargetProcess(pid: pid, running: running.index.image.delta)
    guard let known = try store.target(), known == .init(target, build: known.build),
      let model = try store.model()
    else { return try fresh(running, target) }
    let reader = VersionReader(store: store)
    var found = Found(
      target: target, model: model,
      version: known.build == running.build
        ? running : try await reader.read(store.copy(of: known.build)))
    guard let left = try store.left() else { return found }
    guard left.isInjected else {
      try undo(left, found)
      found.wasUndone = true
      return found
    }
    let version = try await reader.read(store.copy(of: left.plan.build))
    found.pending = Pending(
      id: left.id, stop: try stop(left, target), version: version)
    return found
  }

  /// A program that no pup has served yet: it must never have been updated.
  private func fresh(
    _ version: LoadedVersion, _ target: TargetProcess
  ) throws(PupFailure) -> Found {
    guard target.descriptor.version == 0 else {
      throw .refused(
        code: "no-journal",
        "process \(pid) was updated before, and its journal is not in \(store.directory)")
    }
    let model = try Self.initialModel(version, target)
    try store.begin(
      .init(target, build: version.build), model: model)
    return Found(target: target, model: model, version: version)
  }

  static func initialModel(
    _ version: LoadedVersion, _ target: TargetProcess
  ) throws(PupFailure) -> ProgramModel {
    var model = ProgramModel(
      image: version.index.image, bias: target.layout.bias, descriptor: target.descriptor)
    do throws(TraceeFailure) {
      model.unwindRowBase = try UnwindRows.rowBase(
        target.descriptor, target.memory())
    } catch {
      throw .tracee(error, pid: target.pid)
    }
    return model
  }

  /// Nothing leads to what was injected: the arenas' marks stay where they were.
  private func undo(_ left: ProgramStore.Left, _ found: Found) throws(PupFailure) {
    do throws(TraceeFailure) {
      var memory = try found.target.memory()
      try UnwindRows.write(found.model, to: &memory)
    } catch {
      throw .tracee(error, pid: pid)
    }
    try store.end(left.id, isDone: false, note: "the pup died", model: nil, build: nil)
  }

  /// How far the update is, read from the slots themselves: the journal may be one stop behind.
  private func stop(
    _ left: ProgramStore.Left, _ target: TargetProcess
  ) throws(PupFailure) -> UpdateStop {
    var progress = left.progress
    do throws(TraceeFailure) {
      let memory = try target.memory()
      var stored: Set<ProcedureID> = []
      for procedure in left.plan.procedures {
        guard let store = procedure.store else { continue }
        if try memory.word(at: store.slot) == store.new { stored.insert(procedure.id) }
      }
      progress.note(stored: stored, of: left.plan)
      return UpdateStop(
        plan: left.plan, map: CodeMap(left.plan.model.implementations),
        unwind: try UnwindSources.table(of: target, model: left.plan.model),
        consistency: .strict, progress: progress, gates: Gates())
    } catch {
      throw .tracee(error, pid: pid)
    }
  }
}
