import TypeModel

/// The part of a header that declares types.
struct HeaderTypes: Sendable {
  private let catalogue: TypeCatalogue
  private let declarator: Declarator

  init(_ catalogue: TypeCatalogue) {
    self.catalogue = catalogue
    declarator = Declarator(catalogue: catalogue)
  }

  /// Each struct and union by name, those that stay incomplete too, so that a prototype may name
  /// them.
  func forward() -> [String] {
    var names: Set<String> = []
    for side in TypeNode.Side.allCases {
      for node in mentioned(side) {
        guard catalogue[node].composite != nil, let name = catalogue.reference(node) else {
          continue
        }
        names.insert(name)
      }
    }
    return names.sorted().map { $0 + ";" }
  }

  /// The types that what is declared in full refers to, and those themselves.
  private func mentioned(_ side: TypeNode.Side) -> Set<TypeNode> {
    var found = Set(catalogue.declared.filter { $0.side == side })
    var work = Array(found)
    while let node = work.popLast() {
      guard catalogue.isWalked(node) else { continue }
      for part in catalogue[node].parts {
        let next = catalogue.resolved(TypeNode(side: side, id: part))
        if found.insert(next).inserted { work.append(next) }
      }
    }
    return found
  }

  /// The enumerations; a constant is written as its enumeration is, and once in a header.
  func enumerations() -> [String] {
    var constants: Set<String> = []
    var lines: [String] = []
    for node in catalogue.representatives {
      guard case .enumeration(let enumeration) = catalogue[node],
        let name = catalogue.reference(node)
      else { continue }
      let tag = name.dropFirst("enum ".count)
      let values = enumeration.constants.map { constant in
        var word = catalogue.prefix(node) + Declarator.identifier(constant.name)
        if !constants.insert(word).inserted { word = "\(tag)__\(constant.name)" }
        return "  \(word) = \(Self.literal(constant.value)),"
      }
      let packed = enumeration.byteCount < 4 ? " __attribute__((packed))" : ""
      lines +=
        ["enum\(packed) \(tag) {"] + values + [
          "};", "_Static_assert(sizeof(\(name)) == \(enumeration.byteCount), \"\(name)\");",
        ]
    }
    return lines
  }

  private static func literal(_ value: Int64) -> String {
    value == .min ? "-9223372036854775807 - 1" : "\(value)"
  }

  /// The structs and unions, each after those that it contains.
  func definitions() -> [String] {
    var done: Set<TypeNode> = []
    var lines: [String] = []
    for node in catalogue.representatives { define(node, &done, &lines) }
    return lines
  }

  private func define(_ start: TypeNode, _ done: inout Set<TypeNode>, _ lines: inout [String]) {
    let node = catalogue.representative(of: start) ?? start
    guard catalogue[node].composite != nil, done.insert(node).inserted else { return }
    for member in catalogue[node].composite?.members ?? [] {
      var part = catalogue.resolved(TypeNode(side: node.side, id: member.type))
      while case .array(let element, _) = catalogue[part] {
        part = catalogue.resolved(TypeNode(side: node.side, id: element))
      }
      define(part, &done, &lines)
    }
    if catalogue.isDeclared(node) { lines += declarator.define(node) }
  }
}

extension CType {
  /// The types that it is made of.
  fileprivate var parts: [TypeID] {
    switch self {
    case .void, .base, .enumeration: []
    case .pointer(let inner), .array(let inner, _), .typedef(_, let inner),
      .qualified(_, let inner):
      [inner]
    case .structure(let composite), .union(let composite): composite.members.map(\.type)
    case .function(let prototype): [prototype.result] + prototype.parameters.map(\.type)
    }
  }
}
