import Foundation
import Testing
import TypeModel
import Updating
import VersionSpace

/// What the journal keeps of a model comes back as it was.
@Suite struct PackedModelTests {
  private func model() throws -> ProgramModel {
    let descriptor = try SampleDescriptor().read()
    let types = TypeGraph(types: [.base(name: "int", encoding: .signed, byteCount: 4), .void])
    let conventions = [[], [Prototype.Parameter(name: "n", type: TypeID(rawValue: 0))]].map {
      CallingConvention(
        of: Prototype(result: TypeID(rawValue: 0), parameters: $0), in: types)
    }
    func epoch(_ number: Int, _ place: UInt64) -> ProcedureRecord.Epoch {
      .init(
        convention: conventions[number], trampoline: TraceeAddress(rawValue: place),
        slot: TraceeAddress(rawValue: .max - place))
    }
    var records = [
      ProcedureRecord(
        id: ProcedureID(rawValue: 0), name: "main", isEntry: true, epochs: [epoch(0, 1)], epoch: 0,
        implementation: 0),
      ProcedureRecord(
        id: ProcedureID(rawValue: 1), name: "ä.c:f", isEntry: false,
        epochs: [epoch(1, 70_000), epoch(0, 3)], epoch: 1, implementation: -1),
      ProcedureRecord(
        id: ProcedureID(rawValue: 2), name: "g", isEntry: false, epochs: [], epoch: 0,
        implementation: 1),
    ]
    records[1].reached = 1
    let version = VersionNumber(rawValue: 1)
    var model = ProgramModel(
      bias: LoadBias(rawValue: 0x5555_5555_4000), descriptor: descriptor,
      text: Arena(range: descriptor.textArena), data: Arena(range: descriptor.dataArena),
      procedures: records,
      implementations: [
        Implementation(
          procedure: ProcedureID(rawValue: 0), version: version, parts: [16..<32, 5..<5], key: nil),
        Implementation(
          procedure: ProcedureID(rawValue: 2), version: version.next, parts: [],
          key: ContentKey([1, 2, 3])),
      ],
      binding: Binding(
        version: version, buildID: BuildID(rawValue: "ab"),
        procedures: [
          Binding.Procedure(
            id: ProcedureID(rawValue: 2), trampoline: TraceeAddress(rawValue: 9),
            slot: TraceeAddress(rawValue: .max), implementation: -1)
        ], data: [0, .max, 1 << 40]),
      literals: [:], imports: ["puts": TraceeAddress(rawValue: 4)], stubs: [:],
      storages: [
        StorageKey(identity: "u:p::a", layout: "int"): TraceeAddress(rawValue: 1),
        StorageKey(identity: "u:p::b", layout: "int"): TraceeAddress(rawValue: 2),
        StorageKey(identity: "u:::c", layout: "char"): TraceeAddress(rawValue: 3),
      ])
    model.unwindRowBase = 3
    return model
  }

  private func again<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(value))
  }

  @Test func `a model comes back`() throws {
    let model = try model()
    #expect(try again(model) == model)
  }

  @Test func `δ comes back`() throws {
    var plan = UpdatePlan(
      from: VersionNumber(rawValue: 1), to: VersionNumber(rawValue: 2),
      build: BuildID(rawValue: "cd"), model: try model(),
      callees: [
        ProcedureID(rawValue: 0): [ProcedureID(rawValue: 1), ProcedureID(rawValue: 2)],
        ProcedureID(rawValue: 300): [],
      ])
    plan.oldCallees = [ProcedureID(rawValue: 2): [ProcedureID(rawValue: 2)]]
    #expect(try again(plan) == plan)
  }

  @Test func `what was damaged is refused`() throws {
    let text = String(decoding: try JSONEncoder().encode(try model()), as: UTF8.self)
    var refused = 0
    for part in text.matches(of: /"numbers":"([A-Za-z0-9+\\\/=]+)"/) {
      for cut in [4, 8] where part.output.1.count > cut {
        let shorter = text.replacing(part.output.1, with: part.output.1.dropLast(cut))
        #expect(throws: (any Error).self) {
          try JSONDecoder().decode(ProgramModel.self, from: Data(shorter.utf8))
        }
        refused += 1
      }
    }
    #expect(refused >= 4)
  }
}
