import TypeModel

/// What distinguishes the epochs of a procedure (design: "Epoch").
enum CallingConvention {
  /// Equal for two prototypes exactly if callers of one can call the other.
  static func key(of prototype: Prototype, in types: TypeGraph) -> String {
    let parameters = prototype.parameters.map { parameter in
      (parameter.name ?? "") + " " + passing(parameter.type, types)
    }
    return passing(prototype.result, types) + "(" + parameters.joined(separator: ",")
      + (prototype.isVariadic ? ",...)" : ")")
  }

  /// How a value of the type is passed: its class and size, and for aggregates its layout
  /// (x86-64 psABI section 3.2.3).
  private static func passing(_ type: TypeID, _ types: TypeGraph) -> String {
    let id = types.underlying(type)
    switch types[id] {
    case .void: return "void"
    case .base(_, .float, let size): return "f\(size)"
    case .base(_, .complexFloat, let size): return "c\(size)"
    case .base(_, _, let size): return "i\(size)"
    case .pointer, .array, .function: return "i8"
    case .enumeration(let enumeration): return "i\(enumeration.byteCount)"
    case .structure, .union: return types.layoutText(of: id)
    case .typedef, .qualified: return "?"
    }
  }
}

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
