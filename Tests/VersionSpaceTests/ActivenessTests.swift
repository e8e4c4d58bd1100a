import Testing
import VersionSpace

@Suite struct ActivenessTests {
  static let main = ProcedureID(rawValue: 0)
  static let doPizza = ProcedureID(rawValue: 1)
  static let temperature = ProcedureID(rawValue: 2)
  static let mix = ProcedureID(rawValue: 3)
  static let bake = ProcedureID(rawValue: 4)
  static let pizza = [
    main: [doPizza], doPizza: [temperature, mix, bake],
  ]

  @Test func `the plain pizza update holds only what is on the stack`() {
    let activeness = Activeness(
      changed: [Self.doPizza, Self.temperature, Self.mix, Self.bake], active: [Self.doPizza],
      resident: [Self.main], callers: Callers(of: Self.pizza), groups: [])
    #expect(activeness.held() == [Self.doPizza: .active])
    #expect(activeness.inactive() == [Self.temperature, Self.mix, Self.bake])
  }

  @Test func `a group waits as a whole for its one active member`() {
    let all: Set = [Self.doPizza, Self.temperature, Self.mix, Self.bake]
    let activeness = Activeness(
      changed: all, active: [Self.doPizza], resident: [Self.main], callers: Callers(of: Self.pizza),
      groups: [UpdateGroup(members: all, reason: "together")])
    #expect(activeness.inactive().isEmpty)
    #expect(Set(activeness.held().keys) == all)
  }

  @Test func `an unchanged active member holds the changed ones of its group`() {
    let activeness = Activeness(
      changed: [Self.bake], active: [Self.mix], resident: [], callers: Callers(of: Self.pizza),
      groups: [UpdateGroup(members: [Self.mix, Self.bake], reason: "datum")])
    #expect(activeness.held() == [Self.bake: .grouped(with: Self.mix)])
  }

  @Test func `a caller waits for what its new code would call, through unchanged procedures too`() {
    // main → doPizza (changed) → mix (unchanged) → bake (changed and active).
    let activeness = Activeness(
      changed: [Self.doPizza, Self.bake], active: [Self.bake], resident: [Self.main],
      callers: Callers(of: [
        Self.main: [Self.doPizza], Self.doPizza: [Self.mix], Self.mix: [Self.bake],
      ]),
      groups: [])
    #expect(activeness.held() == [Self.bake: .active, Self.doPizza: .reaches(Self.bake)])
  }

  @Test func `stack consistency drops the rule of reachability`() {
    let activeness = Activeness(
      changed: [Self.doPizza, Self.bake], active: [Self.bake], resident: [],
      callers: Callers(of: [Self.doPizza: [Self.bake]]), groups: [], consistency: .stack)
    #expect(activeness.inactive() == [Self.doPizza])
  }

  /// The rules of the design, stated as a fixpoint over all procedures instead of a work list.
  static func oracle(
    _ input: Activeness, _ callees: [ProcedureID: [ProcedureID]]
  ) -> Set<ProcedureID> {
    var held = input.changed.intersection(input.active)
    while true {
      var next = held
      for procedure in input.changed {
        var reach: Set<ProcedureID> = []
        var frontier = Set(callees[procedure] ?? [])
        while !frontier.isSubset(of: reach) {
          reach.formUnion(frontier)
          frontier = Set(frontier.flatMap { callees[$0] ?? [] })
        }
        if !reach.isDisjoint(with: held) { next.insert(procedure) }
        for group in input.groups where group.members.contains(procedure) {
          if !group.members.isDisjoint(with: held.union(input.active)) { next.insert(procedure) }
        }
      }
      if next == held { return held }
      held = next
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `agrees with a brute-force reading of the rules`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    func some(_ share: Int) -> Set<ProcedureID> {
      Set(
        (0..<12).filter { _ in Int.random(in: 0..<10, using: &generator) < share }
          .map(ProcedureID.init(rawValue:)))
    }
    let callees = Dictionary(
      uniqueKeysWithValues: (0..<12).map { (ProcedureID(rawValue: $0), some(1).sorted()) })
    let input = Activeness(
      changed: some(5), active: some(2), resident: [], callers: Callers(of: callees),
      groups: [
        UpdateGroup(members: some(2), reason: "a"), UpdateGroup(members: some(2), reason: "b"),
      ])
    #expect(Set(input.held().keys) == Self.oracle(input, callees))
  }
}

@Suite struct TransitiveClosureTests {
  @Test func `gives the matrix of the pizza program`() {
    let closure = TransitiveClosure(callees: [[1], [2, 3, 4], [], [], []])
    #expect(
      closure.rows.map { $0.map { $0 ? 1 : 0 } } == [
        [0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0],
      ])
  }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
