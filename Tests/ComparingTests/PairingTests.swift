import Comparing
import Relinking
import Testing
import TypeModel
import VersionSpace

@Suite struct PairingTests {
  private func delta(
    units: [(path: String, directory: String)],
    procedures: [(name: String, unit: Int, isStatic: Bool)],
    data: [(name: String, unit: Int, procedure: String?, scope: [Int], isLong: Bool)] = []
  ) -> Delta {
    var types = TypeGraph()
    let int = types.append(.base(name: "int", encoding: .signed, byteCount: 4))
    let long = types.append(.base(name: "long", encoding: .signed, byteCount: 8))
    let here = SourceLine(file: "x.c", line: 1)
    let zero = LinkAddress(rawValue: 0)
    return Delta(
      producer: "", buildID: BuildID(rawValue: ""), callMode: .table, isPositionIndependent: true,
      linkLine: [],
      units: units.enumerated().map {
        .init(
          path: $1.path, directory: $1.directory, object: $0, compileDate: "", compileTime: "",
          sections: [])
      },
      procedures: procedures.map {
        .init(
          name: $0.name, unit: $0.unit, isStatic: $0.isStatic, aliases: [], declaredAt: here,
          prototype: Prototype(result: int, parameters: []), trampoline: zero, slot: zero,
          parts: [], calls: [], inlined: [], isAddressTaken: false, mentionedTypes: [])
      },
      data: data.map {
        .init(
          name: $0.name, unit: $0.unit, procedure: $0.procedure, scope: $0.scope, isStatic: true,
          isThreadLocal: false, type: $0.isLong ? long : int, declaredAt: here, section: nil,
          offset: 0, byteCount: 4, address: zero)
      }, types: types, descriptor: zero, remarks: [])
  }

  private func partners(_ table: Pairing.Table) -> [Int: Int?] {
    Dictionary(
      uniqueKeysWithValues: table.pairs.compactMap { pair in pair.new.map { ($0, pair.old) } })
  }

  @Test func `pairs units of another build directory`() {
    let old = delta(
      units: [("a.c", "/one/src"), ("sub/b.c", "/one/src"), ("../lib/c.c", "/one/src")],
      procedures: [])
    let new = delta(
      units: [
        ("/tmp/two/lib/c.c", "/b"), ("/tmp/two/src/sub/b.c", "/b"), ("/tmp/two/src/a.c", "/b"),
      ], procedures: [])
    #expect(partners(Pairing(old: old, new: new).units) == [0: 2, 1: 1, 2: 0])
  }

  @Test func `pairs renamed units by their procedures`() {
    let names = ["main", "do_pizza", "bake_pizza"]
    let old = delta(
      units: [("pizza1.c", "/d")], procedures: names.map { ($0, 0, true) })
    let new = delta(
      units: [("pizza2.c", "/d"), ("extra.c", "/d")],
      procedures: names.map { ($0, 0, true) } + [("extra", 1, false)])
    let pairing = Pairing(old: old, new: new)
    #expect(partners(pairing.units) == [0: 0, 1: nil])
    #expect(partners(pairing.procedures) == [0: 0, 1: 1, 2: 2, 3: nil])
  }

  @Test func `keeps statics of one name apart by unit`() {
    let old = delta(
      units: [("a.c", "/d"), ("b.c", "/d")],
      procedures: [("main", 0, false), ("init", 0, true), ("init", 1, true)])
    let new = delta(
      units: [("b.c", "/d"), ("a.c", "/d")],
      procedures: [("init", 0, true), ("main", 1, false), ("init", 1, true)])
    let pairing = Pairing(old: old, new: new)
    #expect(partners(pairing.procedures) == [0: 2, 1: 0, 2: 1])
    #expect(
      ProgramNames(old: old, new: new, pairing: pairing).procedures
        == ["b.c:init", "main", "a.c:init"])
  }

  @Test func `follows a procedure that moved and became static`() {
    let old = delta(
      units: [("a.c", "/d"), ("b.c", "/d")],
      procedures: [("main", 0, false), ("help", 0, false), ("other", 1, false)])
    let new = delta(
      units: [("a.c", "/d"), ("b.c", "/d")],
      procedures: [("main", 0, false), ("help", 1, true), ("gone", 1, false)])
    let pairing = Pairing(old: old, new: new)
    #expect(partners(pairing.procedures) == [0: 0, 1: 1, 2: nil])
    #expect(pairing.procedures.pairs.last?.old == 2)
    #expect(pairing.procedures.pairs.last?.new == nil)
  }

  @Test func `tells static locals of one name apart by procedure, scope and type`() {
    let one = ("x.c", "/d")
    let old = delta(
      units: [one], procedures: [("a", 0, false), ("b", 0, false)],
      data: [
        ("cnt", 0, "a", [], false), ("cnt", 0, "b", [0], false), ("cnt", 0, "b", [1], true),
      ])
    let new = delta(
      units: [one], procedures: [("a", 0, false), ("b", 0, false), ("c", 0, false)],
      data: [
        ("cnt", 0, "c", [], false), ("cnt", 0, "b", [2], true), ("cnt", 0, "b", [1], false),
        ("cnt", 0, "a", [3], false),
      ])
    let pairing = Pairing(old: old, new: new)
    #expect(partners(pairing.data) == [0: nil, 1: 2, 2: 1, 3: 0])
  }
}
