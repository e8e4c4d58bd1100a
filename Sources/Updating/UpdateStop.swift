import ByteCoding
package import Unwinding
package import VersionSpace

/// What is done while the target is stopped, and nothing more: read stacks, decide, map, store.
package struct UpdateStop: Sendable {
  package let plan: UpdatePlan
  private let callers: Callers
  package let map: CodeMap
  package var rows: RowMemo
  package let consistency: Activeness.Consistency
  package var progress: UpdateProgress
  package var gates: Gates
  /// How long a thread waits in a gate, in ms, at most 1000; 50 is the runtime's own.
  package var gateWaitMilliseconds: UInt32 = 50
  /// Told of each named step; a test ends the pup in one.
  package var atStep: @Sendable (String) -> Void = { _ in }

  package init(
    plan: UpdatePlan, map: CodeMap, unwind: UnwindTable, consistency: Activeness.Consistency,
    progress: UpdateProgress, gates: Gates
  ) {
    self.plan = plan
    callers = Callers(of: plan.callees)
    self.map = map
    rows = RowMemo(unwind)
    self.consistency = consistency
    self.progress = progress
    self.gates = gates
  }

  /// What one stop did.
  package struct Outcome: Sendable {
    package var decision: StopDecision
    package var progress: UpdateProgress
    package var gates: Gates
    package var isComplete: Bool
    /// Names of data that took, and of data that kept, their value.
    package var reset: [String] = []
    package var kept: [String] = []
    package var stores: [SlotStore] = []
    package var failedMap: (name: String, outcome: MapOutcome)?
    package var gatesPlaced = 0
    package var survey: StackSurvey
    /// What was looked up for this stop and the ones before.
    package var rows: RowMemo
  }

  /// Carries out one stop.
  ///
  /// - Throws: when the target fails under us; what had been stored until then is in the journal's
  ///   write list, and every prefix of it is valid.
  package func run(
    in target: inout some StoppedTarget & ~Copyable
  ) throws(CommitFailure) -> Outcome {
    var rows = rows
    let stacks: [ThreadStack]
    do throws(TraceeFailure) {
      stacks = try target.stacks(by: &rows)
    } catch {
      throw .tracee(error)
    }
    let survey = StackSurvey(stacks: stacks, map: map, model: plan.model)
    var gates = gates
    gates.adopt(stacks, descriptor: plan.model.descriptor, survey: survey)
    let decision = StopDecision(
      plan: plan, callers: callers, progress: progress, survey: survey, consistency: consistency)
    var outcome = Outcome(
      decision: decision, progress: progress, gates: gates, isComplete: false, survey: survey,
      rows: rows)
    guard decision.refusal == nil else {
      try removeGates(stacks, &outcome, &target)
      return outcome
    }
    guard try runMaps(decision, &outcome, &target) else {
      try removeGates(stacks, &outcome, &target)
      return outcome
    }
    try store(decision, &outcome, &target)
    outcome.isComplete = decision.completes(plan, after: progress)
    if !outcome.stores.isEmpty { atStep("stored") }
    try arrangeGates(stacks, decision, &outcome, &target)
    return outcome
  }

  /// Runs the maps that are due; false when one failed, and nothing else may be done.
  private func runMaps(
    _ decision: StopDecision, _ outcome: inout Outcome,
    _ target: inout some StoppedTarget & ~Copyable
  ) throws(CommitFailure) -> Bool {
    for index in decision.maps {
      do throws(TraceeFailure) {
        let result = try target.run(plan.maps[index].call)
        guard result == .returned else {
          outcome.failedMap = (plan.maps[index].name, result)
          return false
        }
      } catch {
        throw .tracee(error)
      }
      outcome.progress.ranMaps.insert(index)
    }
    return true
  }

  /// Makes the stores of one stop as one: data first, then slots.
  private func store(
    _ decision: StopDecision, _ outcome: inout Outcome,
    _ target: inout some StoppedTarget & ~Copyable
  ) throws(CommitFailure) {
    if !decision.updated.isEmpty { atStep("decided") }
    let stores = decision.updated.compactMap(\.store)
    let slots = try Commit.slotWrites(stores, memory: target)
    if try leadCalls(stores, direct: false, &target) { atStep("redirected") }
    do throws(TraceeFailure) {
      var writes: [Injection.Write] = []
      for index in decision.data { writes += try resets(index, &outcome, target) }
      try target.writeAll(writes + slots, atStep: atStep)
      for write in slots {
        let found = try target.bytes(at: write.address, byteCount: write.bytes.count)
        guard found == write.bytes else {
          throw TraceeFailure.fault(at: write.address, byteCount: write.bytes.count)
        }
      }
    } catch {
      throw .tracee(error)
    }
    _ = try leadCalls(stores, direct: true, &target)
    outcome.stores = stores
    outcome.progress.updated.formUnion(decision.updated.map(\.id))
    outcome.progress.resident = decision.resident
  }

  /// Leads the direct calls that go with stores, and says whether any led elsewhere.
  ///
  /// `direct`: to the body, once a slot leads there again; else to the trampoline, before a slot
  /// leaves the first body.
  private func leadCalls(
    _ stores: [SlotStore], direct: Bool, _ target: inout some StoppedTarget & ~Copyable
  ) throws(CommitFailure) -> Bool {
    guard !plan.callSites.isEmpty, !stores.isEmpty else { return false }
    let entries = Dictionary(
      (plan.boundAhead + stores).map { ($0.slot, $0.new) }, uniquingKeysWith: { $1 })
    let led = plan.callSites.filter { sites in
      entries[sites.slot].map { ($0 == sites.body) == direct } ?? false
    }
    let writes = try CallSites.writes(led, direct: direct, memory: target)
    do throws(TraceeFailure) {
      for write in writes { try target.write(write.bytes, at: write.address) }
    } catch {
      throw .tracee(error)
    }
    return !writes.isEmpty
  }

  /// The writes that give the elements of a datum which still hold their old initial value the new
  /// one.
  private func resets(
    _ index: Int, _ outcome: inout Outcome, _ target: borrowing some StoppedTarget & ~Copyable
  ) throws(TraceeFailure) -> [Injection.Write] {
    let datum = plan.data[index]
    var writes: [Injection.Write] = []
    var didKeep = false
    let pieces = target.pieces(
      of: datum.elements.map { $0.address.rawValue..<($0.address.rawValue + UInt64($0.old.count)) })
    for (index, element) in datum.elements.enumerated() {
      let found = pieces[index]
      guard found.count == element.old.count else {
        throw .fault(at: element.address, byteCount: element.old.count)
      }
      if datum.isForced || found.elementsEqual(element.old) {
        writes.append(Injection.Write(address: element.address, bytes: element.new))
      } else {
        didKeep = true
      }
    }
    if !writes.isEmpty { outcome.reset.append(datum.name) }
    if didKeep { outcome.kept.append(datum.name) }
    outcome.progress.resetData.insert(index)
    return writes
  }

  /// The gates in whose code some thread is, or whose pseudo-frame is on a stack.
  private func busyGates(_ stacks: [ThreadStack]) -> Set<Int> {
    let descriptor = plan.model.descriptor
    let end = descriptor.gates + UInt64(descriptor.gateCount) * descriptor.gateStride
    var busy: Set<Int> = []
    for stack in stacks {
      for frame in stack.frames
      where (descriptor.gates..<end).contains(frame.programCounter.rawValue) {
        busy.insert(Int((frame.programCounter.rawValue - descriptor.gates) / descriptor.gateStride))
      }
    }
    return busy
  }

  private func arrangeGates(
    _ stacks: [ThreadStack], _ decision: StopDecision, _ outcome: inout Outcome,
    _ target: inout some StoppedTarget & ~Copyable
  ) throws(CommitFailure) {
    do throws(TraceeFailure) {
      let waited = outcome.isComplete ? [] : decision.blocking
      if waited.isEmpty {
        try outcome.gates.release(descriptor: plan.model.descriptor, memory: &target)
      }
      outcome.gatesPlaced = try outcome.gates.arrange(
        for: waited, busy: busyGates(stacks), descriptor: plan.model.descriptor, memory: &target)
      if !outcome.gates.placed.isEmpty || !gates.placed.isEmpty {
        let wait = waited.isEmpty ? 50 : gateWaitMilliseconds
        try target.write(
          wait.littleEndianBytes,
          at: TraceeAddress(rawValue: plan.model.descriptor.gateWaitMilliseconds))
      }
      atStep("gated")
    } catch {
      throw .tracee(error)
    }
  }

  private func removeGates(
    _ stacks: [ThreadStack], _ outcome: inout Outcome,
    _ target: inout some StoppedTarget & ~Copyable
  ) throws(CommitFailure) {
    do throws(TraceeFailure) {
      try outcome.gates.release(descriptor: plan.model.descriptor, memory: &target)
      _ = try outcome.gates.arrange(
        for: [], busy: busyGates(stacks), descriptor: plan.model.descriptor, memory: &target)
    } catch {
      throw .tracee(error)
    }
  }
}
