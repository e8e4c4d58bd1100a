import Tracee
package import Updating
import Unwinding
import VersionSpace

/// What happens during an update, told as it happens; all but `undone` belong to one stop.
package enum UpdateEvent: Sendable {
  /// A stop has been made, the first one, or one after a procedure returned; a stop that only looked
  /// and found nothing new begins with `stopped`.
  case interrupted(isFirst: Bool)
  case stopped(microseconds: Int, waitingForThreads: Int)
  /// Of the first stop: the procedures on the stacks, those that are inactive.
  case backtrace([String])
  case inactive([String])
  case stored(SlotStore, procedure: String)
  case updated([String])
  /// The new version is the highest that runs (PODUS's SET HRVN).
  case numbered
  case gatesPlaced(Int)
  case waiting([WaitingFrame])
  case reset([String])
  case kept([String])
  case finished(hadGates: Bool)
  /// The last of a stop that was begun with `interrupted`.
  case stopEnded
  case undone(String)
}

/// A procedure that waits, and the activation that it waits for.
package struct WaitingFrame: Hashable, Sendable {
  package var procedure: String
  package var tid: Int32
  package var frame: String
}

/// How far an update is, and by which rules it decides.
struct UpdateState: Sendable {
  var progress = UpdateProgress()
  var consistency = Activeness.Consistency.strict
}

/// How an update ended.
package enum UpdateEnding: Hashable, Sendable {
  case updated
  /// Nothing of it is in force.
  case undone(code: String, String)
}

/// One update under way: stops the target again and again until nothing waits, or it is given up.
actor UpdateRun {
  nonisolated let plan: UpdatePlan
  private let tracer: Tracer
  private let target: TargetProcess
  private let sink: @Sendable (UpdateEvent) -> Void
  private let record: @Sendable (UpdateProgress) throws(PupFailure) -> Void
  private var stop: UpdateStop

  private(set) var pauses: [Int] = []
  private(set) var waiting: [WaitingFrame] = []
  private(set) var reset: [String] = []
  private(set) var kept: [String] = []
  private(set) var resident: [String] = []
  private(set) var updated: [String] = []
  private(set) var ending: UpdateEnding?
  private(set) var stopCount = 0
  private var isCancelled = false
  /// What the run waits at now.
  private var gateWatch: GateWatch?
  private var hasArrival = false
  private var hadGates = false
  /// Whether everything that holds the update has to come through a gate.
  private var isGated = false
  private var firstStopWaiters: [CheckedContinuation<Void, Never>] = []

  init(
    plan: UpdatePlan, stop: UpdateStop, tracer: Tracer, target: TargetProcess,
    record: @escaping @Sendable (UpdateProgress) throws(PupFailure) -> Void,
    sink: @escaping @Sendable (UpdateEvent) -> Void
  ) {
    self.plan = plan
    self.stop = stop
    self.tracer = tracer
    self.target = target
    self.record = record
    self.sink = sink
  }

  var progress: UpdateProgress { stop.progress }
  var state: UpdateState {
    UpdateState(progress: stop.progress, consistency: stop.consistency)
  }
  var gates: Gates { stop.gates }

  /// Returns once the target was stopped once, or the run has ended.
  func firstStop() async {
    guard stopCount == 0, ending == nil else { return }
    await withCheckedContinuation { firstStopWaiters.append($0) }
  }

  private func wakeWaiters() {
    let waiters = firstStopWaiters
    firstStopWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  /// Gives the update up at the next moment at which nothing is half done.
  func cancel() {
    isCancelled = true
    gateWatch?.wake()
  }

  /// Runs until the update has ended; returns how.
  func drive() async -> UpdateEnding {
    var pause = Duration.milliseconds(0)
    while ending == nil {
      if pause > .zero { await waitForGate(atMost: pause) }
      if isCancelled { break }
      await stopOnce()
      wakeWaiters()
      pause = Self.nextPause(after: stopCount)
    }
    wakeWaiters()
    return ending ?? .undone(code: "cancelled", "cancelled")
  }

  /// Stops come quickly at first, then a few times a second: each one disturbs the target.
  private static func nextPause(after stops: Int) -> Duration {
    .milliseconds(min(400, 25 * (1 + stops / 4)))
  }

  /// Waits until a thread has come to a gate, at most `limit`.
  private func waitForGate(atMost limit: Duration) async {
    let watch = GateWatch(
      threads: Set(stop.gates.placed.map(\.tid)),
      at: TraceeAddress(rawValue: target.descriptor.gateWait))
    guard let watch else { return await lookForGate(atMost: limit) }
    // One that came before the breakpoints were there waits already.
    hasArrival = isInGate
    guard !hasArrival else { return }
    gateWatch = watch
    // What comes through a gate is noticed; the timer is for what returns in another way (longjmp).
    hasArrival = await watch.arrival(within: isGated ? limit * 4 : limit)
    gateWatch = nil
  }

  /// Where breakpoints are not permitted or too few: looks at under half a gate's shortest wait.
  private func lookForGate(atMost limit: Duration) async {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end, !isCancelled {
      hasArrival = isInGate
      if hasArrival { return }
      do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
    }
  }

  /// Whether a thread waits in a gate; also if that cannot be told, which the next stop will.
  private var isInGate: Bool {
    guard !stop.gates.placed.isEmpty else { return false }
    do throws(TraceeFailure) {
      let memory = try target.memory()
      for gate in stop.gates.placed {
        let state = target.descriptor.gateState(gate.index)
        if try memory.bytes(at: state, byteCount: 4) != [0, 0, 0, 0] { return true }
      }
      return false
    } catch {
      return true
    }
  }

  private func stopOnce() async {
    defer { stopCount += 1 }
    // A pool that is never quiet must meet in the gates: threads wait longer with every few tries.
    stop.gateWaitMilliseconds = min(1000, 50 << UInt32(min(5, stopCount / 6)))
    let stop = stop
    do throws(TraceeFailure) {
      let stopped = try await tracer.withStopped(
        target.pid, deadline: .milliseconds(20), image: target.image,
        keeping: stop.plan.writeRoom, after: { stop.rehearsed(in: $0) }
      ) {
        (process, stop) throws(TraceeFailure) -> Result<UpdateStop.Outcome, CommitFailure> in
        do throws(CommitFailure) {
          return .success(try stop.run(in: &process))
        } catch {
          return .failure(error)
        }
      }
      pauses.append(stopped.times.stoppedMicroseconds)
      switch stopped.outcome {
      case .success(let outcome): note(outcome, stopped.times)
      case .failure(let failure): give(up: .commit(failure))
      }
    } catch {
      switch error {
      case .deadline, .shared: break
      default: give(up: .tracee(error, pid: target.pid))
      }
    }
  }

  private func give(up failure: PupFailure) {
    ending = .undone(code: failure.code, failure.sentence)
    sink(.undone(failure.sentence))
  }

  private func note(_ outcome: UpdateStop.Outcome, _ times: StopTimes) {
    stop.progress = outcome.progress
    stop.gates = outcome.gates
    stop.rows = outcome.rows
    let names = outcome.decision.updated.map(\.name)
    let isFirst = stopCount == 0
    let isTold = isFirst || hasArrival || !names.isEmpty || outcome.isComplete
    if isTold { sink(.interrupted(isFirst: isFirst)) }
    sink(
      .stopped(
        microseconds: times.stoppedMicroseconds, waitingForThreads: times.arrivalMicroseconds))
    defer { if isTold { sink(.stopEnded) } }
    guard !isGivenUp(outcome) else { return }
    if isFirst {
      sink(.backtrace(outcome.survey.backtrace.map { plan.model[$0].name }))
      sink(.inactive(names))
    }
    for store in outcome.stores {
      let name = plan.procedures.first { $0.store == store }?.name ?? ""
      sink(.stored(store, procedure: name))
    }
    updated += names
    if !names.isEmpty { sink(.updated(names)) }
    if isFirst { sink(.numbered) }
    noteData(outcome)
    resident = outcome.decision.resident.sorted().map { plan.model[$0].name }
    waiting = waitingFrames(outcome)
    let blocking = outcome.decision.blocking.count
    isGated =
      outcome.survey.notSafe.isEmpty && blocking > 0 && outcome.gates.placed.count >= blocking
    do throws(PupFailure) {
      try record(outcome.progress)
    } catch {
      return give(up: error)
    }
    if outcome.isComplete {
      ending = .updated
      sink(.finished(hadGates: hadGates))
    } else {
      if outcome.gatesPlaced > 0 { sink(.gatesPlaced(outcome.gatesPlaced)) }
      hadGates = hadGates || outcome.gatesPlaced > 0
      sink(.waiting(waiting))
    }
  }

  /// Whether the stop has shown that the update cannot be done, which is then noted.
  private func isGivenUp(_ outcome: UpdateStop.Outcome) -> Bool {
    if let refusal = outcome.decision.refusal {
      ending = .undone(code: "resident", refusal)
      sink(.undone(refusal))
    } else if let failed = outcome.failedMap {
      let text = "the mprocedure \(failed.name) \(Self.text(failed.outcome))"
      ending = .undone(code: "map-failed", text)
      sink(.undone(text))
    }
    return ending != nil
  }

  private func noteData(_ outcome: UpdateStop.Outcome) {
    reset += outcome.reset
    kept += outcome.kept
    if !outcome.reset.isEmpty { sink(.reset(outcome.reset)) }
    if !outcome.kept.isEmpty { sink(.kept(outcome.kept)) }
  }

  private func waitingFrames(_ outcome: UpdateStop.Outcome) -> [WaitingFrame] {
    var frames: [WaitingFrame] = []
    let blocking = outcome.decision.blocking
    for (id, cause) in outcome.decision.held.sorted(by: { $0.key < $1.key }) {
      let holder: ProcedureID
      switch cause {
      case .active: holder = id
      case .reaches(let other), .grouped(with: let other): holder = other
      }
      let frame = blocking.first { $0.procedure == holder } ?? blocking.first
      frames.append(
        WaitingFrame(
          procedure: plan.model[id].name, tid: frame?.tid ?? target.pid,
          frame: frame.map { plan.model[$0.procedure].name } ?? ""))
    }
    for thread in outcome.survey.notSafe {
      frames.append(
        WaitingFrame(
          procedure: "", tid: thread.tid,
          frame: "stack cannot be walked at \(thread.at): \(thread.reason.rawValue)"))
    }
    return frames
  }

  private static func text(_ outcome: MapOutcome) -> String {
    switch outcome {
    case .returned: "returned"
    case .faulted(let signal, let address): "crashed with signal \(signal) at \(address)"
    case .timedOut: "did not end in time"
    case .notPossible(let why): "could not run: \(why)"
    }
  }
}
