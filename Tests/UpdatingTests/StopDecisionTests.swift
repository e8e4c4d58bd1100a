import Testing
import Unwinding
import Updating
import VersionSpace

/// The example of PODUS: main calls do_pizza for ever, which calls three others in turn.
@Suite struct StopDecisionTests {
  private enum Pizza: Int, CaseIterable {
    case main, doPizza, temperature, mix, bake
    var id: ProcedureID { ProcedureID(rawValue: rawValue) }
    /// Where version 1 has its code.
    var code: Range<UInt64> {
      (0x1000 + UInt64(rawValue) * 0x100)..<(0x1100 + UInt64(rawValue) * 0x100)
    }
  }

  private static let changed: [Pizza] = [.doPizza, .temperature, .mix, .bake]

  private func plan(together: Set<Pizza> = [], changedInsideMain: [String]? = nil) throws
    -> UpdatePlan
  {
    let version = VersionNumber(rawValue: 1)
    let build = BuildID(rawValue: "")
    let descriptor = try SampleDescriptor().read()
    let model = ProgramModel(
      bias: LoadBias(rawValue: 0), descriptor: descriptor, text: Arena(range: descriptor.textArena),
      data: Arena(range: descriptor.dataArena),
      procedures: Pizza.allCases.map {
        ProcedureRecord(
          id: $0.id, name: "\($0)", isEntry: $0 == .main, epochs: [], epoch: 0,
          implementation: $0.rawValue)
      },
      implementations: Pizza.allCases.map {
        Implementation(procedure: $0.id, version: version, parts: [$0.code], key: nil)
      },
      binding: Binding(version: version, buildID: build, procedures: [], data: []), literals: [:],
      imports: [:], stubs: [:], storages: [:])
    var procedures = Self.changed.map { planned($0, inside: []) }
    if let changedInsideMain { procedures.append(planned(.main, inside: changedInsideMain)) }
    let groups =
      together.isEmpty
      ? []
      : [
        PlannedGroup(members: Set(together.map(\.id)), reason: "together", forbidsResidents: false)
      ]
    return UpdatePlan(
      from: version, to: version.next, build: build, model: model, procedures: procedures,
      groups: groups,
      callees: [
        Pizza.main.id: [Pizza.doPizza.id],
        Pizza.doPizza.id: [Pizza.temperature.id, Pizza.mix.id, Pizza.bake.id],
      ])
  }

  private func planned(_ pizza: Pizza, inside: [String]) -> PlannedProcedure {
    PlannedProcedure(
      id: pizza.id, name: "\(pizza)", old: pizza.rawValue, new: pizza.rawValue,
      store: SlotStore(slot: at(0x1000 + UInt64(pizza.rawValue) * 8), old: 1, new: 2),
      changedInside: inside)
  }

  /// The survey of one thread with these activations, innermost first.
  private func survey(
    _ plan: UpdatePlan, _ stack: [Pizza], end: ThreadStack.End = .outermost
  ) -> StackSurvey {
    let frames = stack.enumerated().map { depth, pizza in
      ThreadStack.Frame(
        programCounter: at(pizza.code.lowerBound + 8), lookupAddress: at(pizza.code.lowerBound + 7),
        canonicalFrameAddress: at(0x9000 + UInt64(depth) * 64),
        returnAddressSlot: at(0x9000 + UInt64(depth) * 64 - 8), isSignalFrame: false)
    }
    return StackSurvey(
      stacks: [ThreadStack(tid: 1, frames: frames, end: end)],
      map: CodeMap(plan.model.implementations), model: plan.model)
  }

  private func decision(
    _ plan: UpdatePlan, _ stack: [Pizza], progress: UpdateProgress = UpdateProgress(),
    end: ThreadStack.End = .outermost
  ) -> StopDecision {
    StopDecision(
      plan: plan, callers: Callers(of: plan.callees), progress: progress,
      survey: survey(plan, stack, end: end), consistency: .strict)
  }

  @Test func `the plain update takes at once what is on no stack`() throws {
    let plan = try plan()
    let decision = decision(plan, [.mix, .doPizza, .main])
    #expect(decision.updated.map(\.name) == ["temperature", "bake"])
    #expect(Set(decision.held.keys) == [Pizza.mix.id, Pizza.doPizza.id])
    #expect(decision.blocking.map(\.procedure) == [Pizza.doPizza.id])
    #expect(decision.blocking.first?.returnAddressSlot == at(0x9000 + 64 - 8))
    #expect(!decision.isComplete && !decision.completes(plan, after: UpdateProgress()))
    var progress = UpdateProgress()
    progress.updated = [Pizza.temperature.id, Pizza.bake.id]
    let next = self.decision(plan, [.main], progress: progress)
    #expect(next.updated.map(\.name) == ["doPizza", "mix"])
    #expect(next.isComplete && next.completes(plan, after: progress))
    #expect(next.blocking.isEmpty)
  }

  @Test func `the update together waits as a whole for the pizza that is being made`() throws {
    let plan = try plan(together: Set(Self.changed))
    let decision = decision(plan, [.bake, .doPizza, .main])
    #expect(decision.updated.isEmpty)
    #expect(Set(decision.held.keys) == Set(Self.changed.map(\.id)))
    #expect(decision.blocking.map(\.procedure) == [Pizza.doPizza.id])
    #expect(self.decision(plan, [.main]).updated.count == 4)
  }

  @Test func `a stack that cannot be walked to its end holds everything`() throws {
    let plan = try plan()
    let decision = decision(plan, [.main], end: .notSafe(.noUnwindRow, at: at(0x7000)))
    #expect(decision.updated.isEmpty)
    #expect(Set(decision.held.keys) == Set(Self.changed.map(\.id)))
  }

  @Test func `main is resident in its outermost frame and holds nobody`() throws {
    let plan = try plan(changedInsideMain: [])
    let decision = decision(plan, [.main])
    #expect(decision.resident == [Pizza.main.id])
    #expect(decision.updated.map(\.name) == ["doPizza", "temperature", "mix", "bake", "main"])
    let recursive = self.decision(plan, [.main, .doPizza, .main])
    #expect(recursive.held[Pizza.main.id] == .active)
  }

  @Test func `what changed only inside of a running main is refused by name`() throws {
    let plan = try plan(changedInsideMain: ["turn"])
    let decision = decision(plan, [.main])
    let reason = try #require(decision.refusal)
    #expect(reason.hasPrefix("turn changed, but only inside main"))
    #expect(decision.updated.isEmpty && !decision.isComplete)
  }

  @Test func `main alone is refused if something else may have been meant`() throws {
    var plan = try plan(changedInsideMain: [])
    plan.procedures = plan.procedures.filter { $0.id == Pizza.main.id }
    #expect(decision(plan, [.main]).refusal == nil)
    plan.procedures[0].inlinedHere = ["turn"]
    let reason = try #require(decision(plan, [.main]).refusal)
    #expect(reason.contains("into which turn is inlined: nothing would take effect"))
    // Called once more, it is updated like any other.
    #expect(decision(plan, [.main, .doPizza, .main]).refusal == nil)
    // Something else takes effect.
    let more = try self.plan(changedInsideMain: [])
    plan.procedures += more.procedures.filter { $0.id == Pizza.bake.id }
    #expect(decision(plan, [.main]).refusal == nil)
  }
}
