import TypeModel

extension TypeGraph {
  /// A text that is equal for types whose values have one layout; pointers end the description.
  func layoutText(of id: TypeID, depth: Int = 0) -> String {
    guard depth < 32 else { return "…" }
    let id = underlying(id)
    switch self[id] {
    case .void: return "void"
    case .base(_, let encoding, let size): return "\(encoding.rawValue)\(size)"
    case .pointer: return "*"
    case .function: return "fn"
    case .array(let element, let count):
      return layoutText(of: element, depth: depth + 1) + "[\(count.map(String.init) ?? "")]"
    case .enumeration(let enumeration): return "enum\(enumeration.byteCount)"
    case .structure(let composite), .union(let composite):
      let members = composite.members.map { member in
        "\(member.name ?? "")@\(member.bitOffset)"
          + (member.bitWidth.map { ":\($0)" } ?? "") + layoutText(of: member.type, depth: depth + 1)
      }
      return "{\(composite.byteCount);" + members.joined(separator: ";") + "}"
    case .typedef, .qualified: return "?"
    }
  }
}
