import Testing
import Unwinding
import Updating
import VersionSpace

/// Reasons in words, for a plan of procedures with one-letter names.
@Suite struct ProcedureOutlookTests {
  private static let names = ["main", "bake", "heat", "oven", "mix", "gone", "fresh"]

  private func id(_ name: String) throws -> ProcedureID {
    ProcedureID(rawValue: try #require(Self.names.firstIndex(of: name)))
  }

  private func code(_ index: Int) -> Range<UInt64> {
    (0x1000 + UInt64(index) * 0x100)..<(0x1100 + UInt64(index) * 0x100)
  }

  /// bake → heat → oven; bake, oven and mix change; `gone` is in the old version only, `fresh` in
  /// the new one.
  private func plan(
    changed: [String] = ["bake", "oven", "mix"], groups: [PlannedGroup] = []
  ) throws -> UpdatePlan {
    let version = VersionNumber(rawValue: 1)
    let descriptor = try SampleDescriptor().read()
    let none = at(0)
    let bound = try Self.names.filter { $0 != "gone" }.map { name in
      Binding.Procedure(id: try id(name), trampoline: none, slot: none, implementation: 0)
    }
    let model = ProgramModel(
      bias: LoadBias(rawValue: 0), descriptor: descriptor, text: Arena(range: descriptor.textArena),
      data: Arena(range: descriptor.dataArena),
      procedures: Self.names.indices.map {
        ProcedureRecord(
          id: ProcedureID(rawValue: $0), name: Self.names[$0], isEntry: $0 == 0, epochs: [],
          epoch: 0, implementation: $0)
      },
      implementations: Self.names.indices.map {
        Implementation(
          procedure: ProcedureID(rawValue: $0), version: version, parts: [code($0)], key: nil)
      },
      binding: Binding(
        version: version.next, buildID: BuildID(rawValue: ""), procedures: bound, data: []),
      literals: [:], imports: [:], stubs: [:], storages: [:])
    return UpdatePlan(
      from: version, to: version.next, build: BuildID(rawValue: ""), model: model,
      procedures: try changed.map { name in
        let index = try id(name)
        return PlannedProcedure(
          id: index, name: name, old: index.rawValue, new: index.rawValue,
          store: SlotStore(slot: at(0x1000), old: 1, new: 2), changedInside: [], why: "instructions"
        )
      }, groups: groups,
      callees: [
        try id("main"): [try id("bake")], try id("bake"): [try id("heat")],
        try id("heat"): [try id("oven")],
      ], ignored: ["heat"])
  }

  private func outlook(
    _ name: String, _ plan: UpdatePlan, stack: [String] = ["main"], updated: [String] = [],
    end: ThreadStack.End = .outermost
  ) throws -> (outlook: ProcedureOutlook, text: [String]) {
    let frames = try stack.enumerated().map { depth, name in
      let code = code(try id(name).rawValue)
      return ThreadStack.Frame(
        programCounter: at(code.lowerBound + 8), lookupAddress: at(code.lowerBound + 7),
        canonicalFrameAddress: at(0x9000 + UInt64(depth) * 64),
        returnAddressSlot: at(0x9000 + UInt64(depth) * 64 - 8), isSignalFrame: false)
    }
    let survey = StackSurvey(
      stacks: [ThreadStack(tid: 7, frames: frames, end: end)],
      map: CodeMap(plan.model.implementations), model: plan.model)
    var progress = UpdateProgress()
    progress.updated = Set(try updated.map { try id($0) })
    let outlook = ProcedureOutlook(
      of: try id(name), plan: plan, progress: progress, survey: survey,
      consistency: .strict, old: Set(try Self.names.filter { $0 != "fresh" }.map { try id($0) }))
    let text = OutlookText(
      program: "shop", plan: plan, isPending: true, place: { "oven.c:\($0.depth + 1)" })
    return (outlook, [text.headline(outlook)] + text.reasons(outlook))
  }

  @Test func `shows the way by which a new version leads to what is running`() throws {
    let (outlook, text) = try outlook("bake", try plan(), stack: ["oven", "main"])
    #expect(outlook.verdict == .waits)
    #expect(outlook.chain.first == .reaches([try id("bake"), try id("heat"), try id("oven")]))
    #expect(
      text == [
        "bake waits: version 2 changes it (instructions)",
        "its new version leads there: bake → heat → oven, which is active in thread 7 (frame 0, "
          + "oven.c:1)",
      ])
  }

  @Test func `names the group and its reason, and goes on to what is on the stack`() throws {
    let group = PlannedGroup(
      members: [try id("mix"), try id("bake")], reason: "struct dough", forbidsResidents: false)
    let (outlook, text) = try outlook(
      "mix", try plan(groups: [group]), stack: ["oven", "main"])
    #expect(outlook.verdict == .waits && outlook.chain.count == 3)
    #expect(text[1] == "mix and bake change in one stop, because of struct dough")
    #expect(text[2].hasPrefix("its new version leads there: bake → heat → oven"))
    let advice = OutlookText(program: "shop", plan: try plan(), isPending: true, place: { _ in "" })
      .advice(outlook)
    #expect(advice.contains { $0.contains("`harmless dough`") })
    #expect(advice.first?.hasPrefix("ush wait shop") == true)
  }

  @Test func `an unchanged member of the group that runs ends the chain`() throws {
    let group = PlannedGroup(
      members: [try id("mix"), try id("heat")], reason: "limit", forbidsResidents: false)
    let (outlook, text) = try outlook(
      "mix", try plan(groups: [group]), stack: ["heat", "heat", "main"])
    #expect(outlook.chain.count == 2)
    #expect(
      Array(text.dropFirst()) == [
        "mix and heat change in one stop, because of limit",
        "heat is active in thread 7 (frame 0, oven.c:1, 2 times)",
      ])
  }

  @Test func `a stack that cannot be walked is the reason, not the procedure`() throws {
    let (outlook, text) = try outlook(
      "mix", try plan(), end: .notSafe(.noUnwindRow, at: at(0x7000)))
    #expect(outlook.verdict == .waits)
    #expect(
      outlook.chain == [
        .notWalked(tid: 7, reason: "there is no unwind information", at: at(0x7000))
      ])
    #expect(
      text[1].contains("thread 7 cannot be walked (there is no unwind information at 0x7000)"))
  }

  @Test func `tells what becomes of procedures that nothing holds`() throws {
    let plan = try plan(changed: ["main", "bake", "oven"])
    #expect(try outlook("bake", plan).outlook.verdict == .free)
    #expect(try outlook("bake", plan, updated: ["bake"]).outlook.verdict == .updated)
    #expect(try outlook("main", plan).outlook.verdict == .resident)
    #expect(try outlook("mix", plan).outlook.verdict == .unchanged)
    #expect(try outlook("gone", plan).outlook.verdict == .removed)
    #expect(try outlook("fresh", plan).outlook.verdict == .added)
    #expect(try outlook("heat", plan).text == ["heat does not count as changed in version 2"])
    #expect(
      try outlook("mix", plan).text == ["mix is the same in version 2 and moves there at once"])
    #expect(try outlook("bake", plan).outlook.chain.isEmpty)
  }

  @Test func `a resident that would use old data refuses the update of all`() throws {
    let group = PlannedGroup(
      members: [try id("main"), try id("mix")], reason: "orders", forbidsResidents: true)
    let (outlook, text) = try outlook("bake", try plan(groups: [group]))
    #expect(outlook.verdict == .refused)
    #expect(text[0].hasPrefix("the update to version 2 is refused as a whole: main runs as"))
    #expect(text[0].contains("orders"))
  }
}
