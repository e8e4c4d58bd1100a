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

  /// The size of a value of the type, in bytes; 0 when it is incomplete.
  package func byteCount(of id: TypeID) -> Int {
    switch self[underlying(id)] {
    case .void, .function, .typedef, .qualified: 0
    case .base(_, _, let size): size
    case .pointer: 8
    case .array(let element, let count): byteCount(of: element) * (count ?? 0)
    case .structure(let composite), .union(let composite): composite.byteCount
    case .enumeration(let enumeration): enumeration.byteCount
    }
  }
}
