package import TypeModel

/// Spells types as C does, near enough for people to recognise them.
package struct TypeSpelling {
  private let graph: TypeGraph

  /// - Parameter graph: one whose ids were checked.
  package init(_ graph: TypeGraph) { self.graph = graph }

  /// `struct account`, `char [16]`, `int (*)(int, char *)`.
  package func spell(_ type: TypeID) -> String { spell(type, declarator: "", depth: 0) }

  private func spell(_ type: TypeID, declarator: String, depth: Int) -> String {
    guard depth < 16 else { return "…" }
    func nested(_ inner: TypeID, _ declarator: String) -> String {
      spell(inner, declarator: declarator, depth: depth + 1)
    }
    switch graph[type] {
    case .void: return Self.join("void", declarator)
    case .base(let name, _, _): return Self.join(name, declarator)
    case .typedef(let name, _): return Self.join(name, declarator)
    case .structure(let composite):
      return Self.join("struct " + (composite.tag ?? "<anonymous>"), declarator)
    case .union(let composite):
      return Self.join("union " + (composite.tag ?? "<anonymous>"), declarator)
    case .enumeration(let enumeration):
      return Self.join("enum " + (enumeration.tag ?? "<anonymous>"), declarator)
    case .pointer(let target):
      switch graph[target] {
      case .array, .function: return nested(target, "(*\(declarator))")
      default: return nested(target, "*\(declarator)")
      }
    case .array(let element, let count):
      return nested(element, "\(declarator)[\(count.map(String.init) ?? "")]")
    case .qualified(let qualifier, let inner):
      if case .pointer = graph[inner] {
        return nested(inner, Self.join(Self.spell(qualifier), declarator))
      }
      return Self.spell(qualifier) + " " + nested(inner, declarator)
    case .function(let prototype):
      var parameters = prototype.parameters.map { nested($0.type, "") }
      if prototype.isVariadic { parameters.append("...") }
      let list = parameters.isEmpty ? "void" : parameters.joined(separator: ", ")
      return nested(prototype.result, "\(declarator)(\(list))")
    }
  }

  private static func spell(_ qualifier: Qualifier) -> String {
    qualifier == .atomic ? "_Atomic" : qualifier.rawValue
  }

  private static func join(_ base: String, _ declarator: String) -> String {
    declarator.isEmpty ? base : "\(base) \(declarator)"
  }
}

extension SourceLine {
  /// As `file:line`.
  package var text: String { "\(file):\(line)" }
}
