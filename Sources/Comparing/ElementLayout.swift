import TypeModel

/// Where the scalar elements of a type lie.
struct ElementLayout {
  let graph: TypeGraph

  /// The bytes, from the start of an object of `type`, of the scalar that the byte at `offset`
  /// belongs to; a union is one element, padding and what no type covers is one byte.
  func element(at offset: Int, in type: TypeID) -> Range<Int> {
    element(at: offset, in: type, from: 0, depth: 0) ?? offset..<offset + 1
  }

  private func element(at offset: Int, in type: TypeID, from base: Int, depth: Int) -> Range<Int>? {
    guard depth < 64 else { return nil }
    let id = graph.resolved(type).id
    switch graph[id] {
    case .array(let element, _):
      let step = graph.byteCount(of: element)
      guard step > 0 else { return nil }
      return self.element(
        at: offset, in: element, from: base + (offset - base) / step * step, depth: depth + 1)
    case .structure(let composite):
      for member in composite.members {
        if let width = member.bitWidth {
          let start = base + member.bitOffset / 8
          let end = base + (member.bitOffset + width + 7) / 8
          if start <= offset, offset < end { return start..<end }
          continue
        }
        let start = base + member.bitOffset / 8
        guard start <= offset, offset < start + extent(of: member.type) else { continue }
        return element(at: offset, in: member.type, from: start, depth: depth + 1)
      }
      return nil
    default:
      let size = graph.byteCount(of: id)
      return size > 0 && offset < base + size ? base..<base + size : nil
    }
  }

  /// The size, without end for a flexible array member.
  private func extent(of type: TypeID) -> Int {
    if case .array(_, nil) = graph[graph.resolved(type).id] { return Int(Int32.max) }
    return graph.byteCount(of: type)
  }
}
