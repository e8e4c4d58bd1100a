import TypeModel

/// A type of one of the two versions.
struct TypeNode: Hashable, Sendable {
  var side: Side
  var id: TypeID

  enum Side: String, Hashable, Sendable, CaseIterable {
    case old, new

    var other: Side { self == .old ? .new : .old }
  }
}

/// The structs, unions and enumerations that a header declares, and what each is called there.
///
/// Types that mean the same in all units and both versions are declared once.
struct TypeCatalogue: Sendable {
  private let old: TypeGraph
  private let new: TypeGraph
  /// Complete structs and unions by tag, and those without a tag by typedef or datum.
  private var known: [TypeNode.Side: [String: TypeID]] = [:]
  /// What a type without a tag is called.
  private var labels: [TypeNode: String] = [:]
  /// What is declared in full, in the order of discovery.
  private(set) var members: [TypeNode] = []
  /// Everything that was asked for.
  private(set) var declared: [TypeNode] = []
  /// All of `members`, and types without a name that are spelt in place.
  private(set) var found: Set<TypeNode> = []
  private var names: [TypeNode: String] = [:]
  /// `old_` or `new_`, where the versions differ.
  private var prefixes: [TypeNode: String] = [:]
  /// One of each group of types that mean the same.
  private(set) var representatives: [TypeNode] = []
  private var representativeOf: [TypeNode: TypeNode] = [:]

  init(old: TypeGraph, new: TypeGraph) {
    self.old = old
    self.new = new
    for side in TypeNode.Side.allCases { learnNames(side) }
  }

  subscript(_ node: TypeNode) -> CType { graph(node.side)[node.id] }

  func graph(_ side: TypeNode.Side) -> TypeGraph { side == .old ? old : new }

  // MARK: - Names in the program

  private mutating func learnNames(_ side: TypeNode.Side) {
    let graph = graph(side)
    for index in graph.types.indices {
      let id = TypeID(rawValue: index)
      if case .typedef(let name, let inner) = graph[id] {
        let target = TypeNode(side: side, id: behindQualifiers(inner, graph))
        if self[target].tag == nil, labels[target] == nil { learn(name, target) }
      } else if let tag = graph[id].tag, graph[id].isComplete {
        learn(tag, TypeNode(side: side, id: id))
      }
    }
  }

  private mutating func learn(_ name: String, _ node: TypeNode) {
    guard self[node].isTagged else { return }
    labels[node] = name
    if known[node.side]?[name] == nil { known[node.side, default: [:]][name] = node.id }
  }

  /// The type behind qualifiers, but not behind typedefs.
  private func behindQualifiers(_ id: TypeID, _ graph: TypeGraph) -> TypeID {
    var id = id
    for _ in 0..<64 {
      guard case .qualified(_, let inner) = graph[id] else { break }
      id = inner
    }
    return id
  }

  /// Calls a struct without any name by the datum of that type.
  mutating func name(_ id: TypeID, after datum: String, _ side: TypeNode.Side) {
    var node = resolved(TypeNode(side: side, id: id))
    while case .array(let element, _) = self[node] {
      node = resolved(TypeNode(side: side, id: element))
    }
    guard self[node].composite != nil, label(node) == nil else { return }
    learn(datum, node)
  }

  /// The tag, or the typedef or datum of a type without one.
  func label(_ node: TypeNode) -> String? { self[node].tag ?? labels[node] }

  /// The type behind typedefs and qualifiers; for a struct that its unit only declares, the one of
  /// that tag that another unit defines.
  func resolved(_ node: TypeNode) -> TypeNode {
    let target = TypeNode(side: node.side, id: graph(node.side).underlying(node.id))
    guard !self[target].isComplete, let tag = self[target].tag,
      let complete = known[node.side]?[tag]
    else { return target }
    let other = TypeNode(side: node.side, id: complete)
    return self[other].keyword == self[target].keyword ? other : target
  }

  // MARK: - What is declared

  /// Adds what a value of the type consists of and what its pointers lead to; of the system's
  /// types only what is there by value.
  mutating func add(_ id: TypeID, _ side: TypeNode.Side, byValue: Bool = true) {
    var work = [(node: TypeNode(side: side, id: id), byValue: byValue)]
    declared.append(resolved(TypeNode(side: side, id: id)))
    while let (start, byValue) = work.popLast() {
      let node = resolved(start)
      func part(_ id: TypeID) -> TypeNode { TypeNode(side: node.side, id: id) }
      switch self[node] {
      case .pointer(let target): work.append((part(target), false))
      case .array(let element, _): work.append((part(element), byValue))
      case .function(let prototype):
        work.append((part(prototype.result), false))
        work += prototype.parameters.map { (part($0.type), false) }
      case .structure(let composite), .union(let composite):
        guard composite.isComplete, byValue || !composite.isOfSystem,
          found.insert(node).inserted
        else { continue }
        if label(node) != nil { members.append(node) }
        work += composite.members.map { (part($0.type), true) }
      case .enumeration:
        if label(node) != nil, found.insert(node).inserted { members.append(node) }
      case .void, .base, .typedef, .qualified: continue
      }
    }
  }

  /// Adds the types of that name in both versions.
  mutating func add(named name: String) {
    for side in TypeNode.Side.allCases {
      if let id = known[side]?[name] { add(id, side) }
    }
  }

  /// Finds out which of the types mean the same, and names all of them.
  mutating func settle() {
    var index = 0
    while index < members.count {
      let node = members[index]
      if let name = label(node), let id = known[node.side.other]?[name] {
        add(id, node.side.other)
      }
      index += 1
    }
    let classes = classes()
    var sides: [Int: Set<TypeNode.Side>] = [:]
    for node in members { sides[classes[node] ?? 0, default: []].insert(node.side) }
    var uses: [String: Int] = [:]
    var tags: [Int: String] = [:]
    for node in members where sides[classes[node] ?? 0]?.count != 2 {
      prefixes[node] = "\(node.side.rawValue)_"
    }
    for node in members {
      guard let number = classes[node], let label = label(node), tags[number] == nil else {
        continue
      }
      let prefix =
        prefixes[node] ?? (self[node].composite?.isOfSystem ?? false ? "pup_" : "")
      uses[prefix + label, default: 0] += 1
      let use = uses[prefix + label] ?? 1
      tags[number] = prefix + label + (use == 1 ? "" : "__\(use)")
    }
    var chosen: [Int: TypeNode] = [:]
    for node in members {
      guard let number = classes[node], let tag = tags[number] else { continue }
      names[node] = "\(self[node].keyword ?? "struct") \(tag)"
      if let rival = chosen[number], !isBetter(node, than: rival) { continue }
      chosen[number] = node
    }
    for node in members {
      guard let number = classes[node], let representative = chosen[number] else { continue }
      if representativeOf.updateValue(representative, forKey: node) == nil, node == representative {
        representatives.append(node)
      }
    }
  }

  /// An enumeration may have grown; the one that has all constants is declared.
  private func isBetter(_ node: TypeNode, than rival: TypeNode) -> Bool {
    guard case .enumeration(let left) = self[node], case .enumeration(let right) = self[rival]
    else { return false }
    return left.constants.count > right.constants.count
  }

  /// Which of the types that mean the same is declared.
  func representative(of node: TypeNode) -> TypeNode? { representativeOf[node] }

  /// How the type is referred to, or `nil` if it has no name and is spelt in place.
  func reference(_ node: TypeNode) -> String? {
    if let name = names[node] { return name }
    guard let keyword = self[node].keyword, let label = label(node) else { return nil }
    return self[node].tag == nil ? "\(keyword) pup_\(label)" : "\(keyword) \(label)"
  }

  /// `old_` or `new_` where the versions differ, else nothing.
  func prefix(_ node: TypeNode) -> String { prefixes[node] ?? "" }

  /// Whether what the type consists of is spelt in the header.
  func isWalked(_ node: TypeNode) -> Bool { self[node].composite == nil || found.contains(node) }

  func isDeclared(_ node: TypeNode) -> Bool { names[node] != nil }
}

extension CType {
  /// `struct`, `union`, `enum`.
  var keyword: String? {
    switch self {
    case .structure: "struct"
    case .union: "union"
    case .enumeration: "enum"
    default: nil
    }
  }

  var isTagged: Bool { keyword != nil }

  var composite: Composite? {
    switch self {
    case .structure(let composite), .union(let composite): composite
    default: nil
    }
  }

  var tag: String? {
    if case .enumeration(let enumeration) = self { return enumeration.tag }
    return composite?.tag
  }

  var isComplete: Bool { composite?.isComplete ?? true }
}

extension Composite {
  /// Whether a header of the system declares it, so that a maps file may include that as well.
  var isOfSystem: Bool {
    guard let file = declaredAt?.file else { return false }
    return ["/usr/include/", "/usr/lib/gcc/", "/usr/local/include/"].contains(where: file.hasPrefix)
  }
}
