import Foundation
package import PupProtocol
import Relinking
import Tracee
import Updating
import VersionSpace

/// One program under one pup: its target, its versions, and the update that is under way.
///
/// The actor puts requests in order; slow work (reading images, comparing) runs outside of it.
package actor Program {
  package nonisolated let name: String
  package nonisolated let events = EventBroadcast()
  nonisolated let store: ProgramStore
  nonisolated let tracer: Tracer
  nonisolated let isDebugging: Bool

  var target: TargetProcess?
  var child: ChildProcess?
  var exitStatus: Int?
  var hasEnded = false
  var logPath: String?
  /// Versions that were loaded and not yet begun, by number.
  var loaded: [Int: LoadedVersion] = [:]
  /// The newest version whose update is complete, or the one the target began with.
  var current: LoadedVersion?
  var model: ProgramModel?
  var pending: PendingRun?
  var lastReport: UpdateReport?
  var updateCount = 0
  /// The versions that have run, oldest first.
  var history: [VersionRecord] = []
  /// The end of the queue of requests that must not overlap.
  var queue: Task<Void, Never>?

  /// An update that was accepted.
  struct PendingRun {
    var id: Int
    var run: UpdateRun
    var version: LoadedVersion
    var begun = Date.now
    /// What its preparation took; `nil` for one that an earlier pup prepared.
    var times: PhaseTimes?
    var task: Task<UpdateReport, Never>
  }

  /// - Parameters:
  ///   - name: unique among the user's programs.
  ///   - state: the pup's state directory, which must exist.
  ///   - isDebugging: also tell each primitive as it is carried out.
  /// - Throws: when the journal cannot be opened.
  package init(name: String, state: String, isDebugging: Bool) throws(ServiceFailure) {
    self.name = name
    self.isDebugging = isDebugging
    do throws(PupFailure) {
      store = try ProgramStore(directory: state, program: name)
    } catch {
      throw ServiceFailure(error)
    }
    tracer = Tracer(on: TracerThread(named: "tracer"))
  }

  /// Runs `body` after everything that was queued before it.
  func inOrder<Value: Sendable>(
    _ body: @escaping @Sendable () async -> Value
  ) async -> Value {
    let before = queue
    let task = Task {
      await before?.value
      return await body()
    }
    queue = Task { _ = await task.value }
    return await task.value
  }

  var currentVersion: Int {
    if let pending { return pending.run.plan.to.rawValue }
    return model?.binding.version.rawValue ?? (loaded.isEmpty ? 0 : loaded.keys.min() ?? 0)
  }

  func emit(
    _ kind: ProgramEvent.Kind, _ message: String, _ change: (inout ProgramEvent) -> Void = { _ in }
  ) {
    var event = ProgramEvent(program: name, kind: kind, message: message)
    change(&event)
    events.send(event)
  }
}

/// A version that the pup holds in memory and in its state directory.
struct LoadedVersion: Sendable {
  var index: ImageIndex
  /// Our own copy of the executable, which outlives what `make` does to the original.
  var path: String
  /// Where it was read from.
  var origin: String
  var readAt = Date.now
  var build: BuildID { index.image.delta.buildID }
}

extension ServiceFailure {
  init(_ failure: PupFailure) {
    self.init(
      failure.exitCode == 2 ? .malformed : .cannot, code: failure.code, message: failure.sentence)
  }
}
