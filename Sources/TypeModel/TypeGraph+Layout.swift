extension TypeGraph {
  /// The type behind typedefs and qualifiers.
  package func underlying(_ id: TypeID) -> TypeID {
    var id = id
    for _ in 0..<64 {
      switch self[id] {
      case .typedef(_, let next), .qualified(_, let next): id = next
      default: return id
      }
    }
    return id
  }

  /// The size of a value of the type, in bytes; 0 when it is incomplete, and for nesting deeper
  /// than any compiler allows or a size that no object can have.
  package func byteCount(of id: TypeID) -> Int { byteCount(of: id, depth: 0) }

  private func byteCount(of id: TypeID, depth: Int) -> Int {
    guard depth < 64 else { return 0 }
    switch self[underlying(id)] {
    case .void, .function, .typedef, .qualified: return 0
    case .base(_, _, let size): return size
    case .pointer: return 8
    case .array(let element, let count):
      let (size, overflow) = byteCount(of: element, depth: depth + 1)
        .multipliedReportingOverflow(by: count ?? 0)
      return overflow ? 0 : size
    case .structure(let composite), .union(let composite): return composite.byteCount
    case .enumeration(let enumeration): return enumeration.byteCount
    }
  }
}
