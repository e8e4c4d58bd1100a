import PupProtocol
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

/// What is needed to look at a target's stacks: the target, and what the pup knows of its code.
struct Sight: Sendable {
  let target: TargetProcess
  let tracer: Tracer
  /// Knows every implementation that is in the target, those of a pending update too.
  let model: ProgramModel
  /// The versions whose deltas are at hand, the newest last.
  let versions: [CodePlaces.Version]
  /// The update that is under way.
  let pending: UpdateRun?

  /// How often a stop that threads were late for, or that a vfork(2) forbade, is tried.
  private static let tries = 20

  /// What one stop shows of all threads.
  ///
  /// - Throws: what keeps the target from being stopped.
  @concurrent func look() async throws(ServiceFailure) -> Stopped<[ThreadStack]> {
    do throws(PupFailure) {
      let unwind: UnwindTable
      do throws(TraceeFailure) {
        unwind = try UnwindSources.table(of: target, model: model)
      } catch {
        throw .tracee(error, pid: target.pid)
      }
      return try await look(by: unwind)
    } catch {
      throw ServiceFailure(error)
    }
  }

  private func look(
    by unwind: UnwindTable
  ) async throws(PupFailure) -> Stopped<[ThreadStack]> {
    for round in 1... {
      do throws(TraceeFailure) {
        return try await tracer.withStopped(
          target.pid, deadline: .milliseconds(20), image: target.image
        ) { (process) throws(TraceeFailure) in try process.stacks(by: unwind) }
      } catch {
        switch error {
        case .deadline, .shared:
          guard round < Self.tries else { throw .tracee(error, pid: target.pid) }
        default: throw .tracee(error, pid: target.pid)
        }
      }
      do { try await Task.sleep(for: .milliseconds(25)) } catch { break }
    }
    throw .refused(code: "cancelled", "the look was given up")
  }

  /// How far the pending update is; the beginning if there is none.
  func state() async -> UpdateState {
    guard let pending else { return UpdateState() }
    return await pending.state
  }

  /// The implementation of a procedure that calls lead to now: an index into the model's.
  func current(_ id: ProcedureID, after progress: UpdateProgress) -> Int {
    if let pending, !progress.updated.contains(id),
      let planned = pending.plan.procedures.first(where: { $0.id == id })
    {
      return planned.old
    }
    return model[id].implementation
  }
}

extension Program {
  /// The program as it stands, to be looked at.
  ///
  /// - Throws: `cannot("not-running")`.
  func sight() throws(ServiceFailure) -> Sight {
    guard let target, let current, let model, !hasEnded else {
      throw .cannot("not-running", "\(name) is not running")
    }
    var versions = [
      CodePlaces.Version(delta: current.index.image.delta, binding: model.binding)
    ]
    if let pending {
      versions.append(
        CodePlaces.Version(
          delta: pending.version.index.image.delta, binding: pending.run.plan.model.binding))
    }
    return Sight(
      target: target, tracer: tracer, model: pending?.run.plan.model ?? model, versions: versions,
      pending: pending?.run)
  }
}
