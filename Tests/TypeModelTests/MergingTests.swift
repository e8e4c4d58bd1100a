import Testing
import TypeModel

@Suite struct MergingTests {
  /// `struct TAG { int value; struct OTHER *next; }`, whose pointer leads to `next`.
  private func node(_ tag: String, next: TypeID, value: TypeID, file: String = "a.h") -> CType {
    .structure(
      Composite(
        tag: tag, byteCount: 16,
        members: [
          Member(name: "value", type: value, bitOffset: 0),
          Member(name: "next", type: next, bitOffset: 64),
        ], declaredAt: SourceLine(file: file, line: 1)))
  }

  private func id(_ number: Int) -> TypeID { TypeID(rawValue: number) }

  /// Two units' worth of a list: int, pointer, struct.
  private func lists(_ second: CType, integer: CType) -> TypeGraph {
    TypeGraph(types: [
      .base(name: "int", encoding: .signed, byteCount: 4), .pointer(to: id(2)),
      node("list", next: id(1), value: id(0)),
      integer, .pointer(to: id(5)), second,
    ])
  }

  @Test func `makes one of equal recursive types`() {
    let graph = lists(
      node("list", next: id(4), value: id(3), file: "../inc/a.h"),
      integer: .base(name: "int", encoding: .signed, byteCount: 4))
    let merged = graph.merged()
    #expect(merged.ids.map(\.rawValue) == [0, 1, 2, 0, 1, 2])
    #expect(merged.graph.types == Array(graph.types.prefix(3)))
  }

  @Test func `keeps types apart that differ only far down`() {
    let graph = lists(
      node("list", next: id(4), value: id(3)),
      integer: .base(name: "int", encoding: .unsigned, byteCount: 4))
    #expect(graph.merged().graph == graph)
  }

  @Test func `keeps types of one tag from two files apart`() {
    let graph = lists(
      node("list", next: id(4), value: id(0), file: "b.h"),
      integer: .base(name: "int", encoding: .signed, byteCount: 4))
    let merged = graph.merged()
    #expect(merged.ids.map(\.rawValue) == [0, 1, 2, 0, 3, 4])
  }

  @Test func `merges what lists of different lengths unroll to`() {
    // list → list → itself says no more than list → itself.
    let graph = TypeGraph(types: [
      .base(name: "int", encoding: .signed, byteCount: 4),
      node("list", next: id(2), value: id(0)), .pointer(to: id(3)),
      node("list", next: id(4), value: id(0)), .pointer(to: id(1)),
    ])
    #expect(graph.merged().graph.types.count == 3)
  }
}
