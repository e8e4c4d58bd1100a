import TypeModel

/// Spells declarations in C; typedefs are spelt out.
struct Declarator: Sendable {
  let catalogue: TypeCatalogue

  /// How one declaration is spelt.
  struct Style: Hashable, Sendable {
    var qualifiers: [Qualifier] = []
    /// Leaves out the `const` of the thing itself, which a map has to fill.
    var dropsConst = false
    /// Of nested bodies, in steps.
    var indentation = 0
    /// Whether an array of unknown length may be left so.
    var mayBeFlexible = true
  }

  /// `struct old_S`, `int *const name`, `void (*name)(int)`.
  func declare(_ start: TypeNode, _ declarator: String, _ style: Style = Style()) -> String {
    func declare(_ id: TypeID, _ declarator: String, _ style: Style) -> String {
      self.declare(TypeNode(side: start.side, id: id), declarator, style)
    }
    var inner = style
    switch catalogue[start] {
    case .typedef(_, let target): return declare(target, declarator, style)
    case .qualified(let qualifier, let target):
      if !(qualifier == .const && style.dropsConst), !style.qualifiers.contains(qualifier) {
        inner.qualifiers.append(qualifier)
      }
      return declare(target, declarator, inner)
    case .array(let element, let count):
      let length = count.map(String.init) ?? (style.mayBeFlexible ? "" : "0")
      inner.mayBeFlexible = false
      return declare(element, "\(declarator)[\(length)]", inner)
    case .pointer(let target):
      let qualifiers = style.qualifiers.map(\.spelling).joined(separator: " ")
      let space = qualifiers.isEmpty || declarator.isEmpty ? "" : " "
      let text = "*\(qualifiers)\(space)\(declarator)"
      let plain = Style(indentation: style.indentation)
      return declare(target, needsParentheses(start.side, target) ? "(\(text))" : text, plain)
    case .function(let prototype):
      let plain = Style(indentation: style.indentation)
      return declare(
        prototype.result, "\(declarator)(\(parameters(prototype, start.side)))", plain)
    case .void, .base, .structure, .union, .enumeration:
      let words = style.qualifiers.filter { $0 != .restrict }.map(\.spelling)
      let base = self.base(catalogue.resolved(start), style.indentation)
      return (words + [base, declarator]).filter { !$0.isEmpty }.joined(separator: " ")
    }
  }

  private func needsParentheses(_ side: TypeNode.Side, _ id: TypeID) -> Bool {
    switch catalogue.graph(side)[catalogue.graph(side).underlying(id)] {
    case .array, .function: true
    default: false
    }
  }

  /// What stands between a prototype's parentheses.
  func parameters(_ prototype: Prototype, _ side: TypeNode.Side) -> String {
    var list = prototype.parameters.map { declare(TypeNode(side: side, id: $0.type), "") }
    // `(...)` alone is how the debug information has a function without a prototype.
    if prototype.isVariadic { list.append(list.isEmpty ? "" : "...") }
    return prototype.parameters.isEmpty && !prototype.isVariadic
      ? "void" : list.joined(separator: ", ")
  }

  private func base(_ node: TypeNode, _ indentation: Int) -> String {
    switch catalogue[node] {
    case .base(let name, .complexFloat, _):
      return name.replacing("complex ", with: "_Complex ")
    case .base(let name, _, _): return name
    case .enumeration(let enumeration):
      return catalogue.reference(node) ?? Self.integer(enumeration)
    case .structure, .union:
      if let name = catalogue.reference(node) { return name }
      return
        ([opening(node, "")] + body(node, indentation + 1)
        + [Self.indent(indentation) + "}"]).joined(separator: "\n")
    default: return "void"
    }
  }

  // MARK: - Structs

  /// The definition of a struct or union, with the checks of its layout.
  func define(_ node: TypeNode) -> [String] {
    guard let name = catalogue.reference(node) else { return [] }
    let tag = String(name.split(separator: " ").last ?? "")
    return [opening(node, tag)] + body(node, 1) + ["};"] + checks(node, name)
  }

  private func opening(_ node: TypeNode, _ tag: String) -> String {
    let attribute = MemberPlan(node, catalogue).isPacked ? " __attribute__((packed))" : ""
    return "\(catalogue[node].keyword ?? "struct")\(attribute)\(tag.isEmpty ? "" : " \(tag)") {"
  }

  private func body(_ node: TypeNode, _ indentation: Int) -> [String] {
    guard let composite = catalogue[node].composite else { return [] }
    let plan = MemberPlan(node, catalogue)
    var lines: [String] = []
    var padding = 0
    for item in plan.items {
      switch item {
      case .member(let index):
        let isLast = item == plan.items.last && plan.items.count > 1
        lines.append(declare(member: composite.members[index], node, isLast, indentation))
      case .gap(let range) where range.count % 8 == 0 && range.lowerBound % 8 == 0:
        lines.append("unsigned char pup_padding\(padding)[\(range.count / 8)];")
        padding += 1
      case .gap(let range): lines.append("unsigned char : \(range.count);")
      }
    }
    return lines.map { Self.indent(indentation) + $0 }
  }

  private func declare(
    member: Member, _ node: TypeNode, _ isLast: Bool, _ indentation: Int
  ) -> String {
    let type = TypeNode(side: node.side, id: member.type)
    var isUnion = false
    if case .union = catalogue[node] { isUnion = true }
    let name = member.name.map(Self.identifier) ?? ""
    if let width = member.bitWidth {
      if case .enumeration(let enumeration) = catalogue[catalogue.resolved(type)] {
        return "\(Self.integer(enumeration)) \(name) : \(width);"
      }
      return declare(type, "\(name) : \(width)", Style(dropsConst: true)) + ";"
    }
    let style = Style(
      dropsConst: true, indentation: indentation, mayBeFlexible: isLast && !isUnion)
    return declare(type, name, style) + ";"
  }

  private func checks(_ node: TypeNode, _ name: String) -> [String] {
    guard let composite = catalogue[node].composite else { return [] }
    let size = "_Static_assert(sizeof(\(name)) == \(composite.byteCount), \"\(name)\");"
    return [size]
      + places(node, 0).map { member, offset in
        "_Static_assert(__builtin_offsetof(\(name), \(member)) == \(offset), \"\(name).\(member)\");"
      }
  }

  /// The members that have an address, those of anonymous members too; offsets in bytes.
  private func places(_ node: TypeNode, _ start: Int) -> [(String, Int)] {
    guard let composite = catalogue[node].composite else { return [] }
    return composite.members.filter { $0.bitWidth == nil }.flatMap { member -> [(String, Int)] in
      let offset = start + member.bitOffset / 8
      if let name = member.name { return [(Self.identifier(name), offset)] }
      return places(
        catalogue.resolved(TypeNode(side: node.side, id: member.type)), offset)
    }
  }

  // MARK: - Words

  /// The integer type that gcc uses for an enumeration.
  static func integer(_ enumeration: Enumeration) -> String {
    let word = [1: "char", 2: "short", 8: "long"][enumeration.byteCount] ?? "int"
    let isSigned = enumeration.constants.contains { $0.value < 0 }
    return (isSigned ? "signed " : "unsigned ") + word
  }

  /// The name, changed if it is a word that gcc keeps for itself in its default dialect only.
  static func identifier(_ name: String) -> String {
    ["asm", "typeof", "inline", "restrict", "linux", "unix"].contains(name) ? name + "_" : name
  }

  private static func indent(_ count: Int) -> String { String(repeating: "  ", count: count) }
}

extension Qualifier {
  fileprivate var spelling: String {
    switch self {
    case .const: "const"
    case .volatile: "volatile"
    case .restrict: "restrict"
    case .atomic: "_Atomic"
    }
  }
}
