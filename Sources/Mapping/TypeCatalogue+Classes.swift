import TypeModel

extension TypeCatalogue {
  /// Numbers the types so that those that mean the same have the same number.
  ///
  /// All types of one name begin as the same; what they consist of, given the numbers so far, tells
  /// them apart, until nothing changes any more.
  func classes() -> [TypeNode: Int] {
    let grown = grownEnumerations()
    var numbers: [TypeNode: Int] = [:]
    var count = 0
    while true {
      var known: [String: Int] = [:]
      var next: [TypeNode: Int] = [:]
      for node in members {
        let text = "\(numbers[node] ?? 0) \(label(node) ?? "") " + content(node, numbers, grown)
        let number = known[text] ?? known.count
        known[text] = number
        next[node] = number
      }
      numbers = next
      if known.count == count { return numbers }
      count = known.count
    }
  }

  /// The names of enumerations that at most gained constants.
  private func grownEnumerations() -> Set<String> {
    var constants: [String: [TypeNode.Side: [String: Int64]]] = [:]
    var broken: Set<String> = []
    for node in members {
      guard case .enumeration(let enumeration) = self[node], let label = label(node) else {
        continue
      }
      for constant in enumeration.constants {
        let former = constants[label, default: [:]][node.side, default: [:]]
          .updateValue(constant.value, forKey: constant.name)
        if let former, former != constant.value { broken.insert(label) }
      }
    }
    for (label, sides) in constants {
      guard let new = sides[.new], let old = sides[.old] else { continue }
      if old.contains(where: { new[$0.key] != $0.value }) { broken.insert(label) }
    }
    return Set(constants.keys).subtracting(broken)
  }

  private func content(
    _ node: TypeNode, _ numbers: [TypeNode: Int], _ grown: Set<String>
  ) -> String {
    switch self[node] {
    case .structure(let composite), .union(let composite):
      let parts = composite.members.map { member in
        let type = meaning(TypeNode(side: node.side, id: member.type), numbers)
        return "\(member.name ?? "")@\(member.bitOffset):\(member.bitWidth ?? -1) \(type)"
      }
      return "\(self[node].keyword ?? "") \(composite.byteCount) {\(parts.joined(separator: ";"))}"
    case .enumeration(let enumeration):
      let isGrown = label(node).map(grown.contains) ?? false
      let parts = isGrown ? [] : enumeration.constants.map { "\($0.name)=\($0.value)" }
      return "enum \(enumeration.byteCount) {\(parts.joined(separator: ";"))}"
    default: return ""
    }
  }

  private func meaning(_ start: TypeNode, _ numbers: [TypeNode: Int], depth: Int = 0) -> String {
    let node = resolved(start)
    guard depth < 64 else { return "" }
    func part(_ id: TypeID) -> String {
      meaning(TypeNode(side: node.side, id: id), numbers, depth: depth + 1)
    }
    switch self[node] {
    case .void, .typedef, .qualified: return "void"
    case .base(_, let encoding, let count): return "\(encoding)\(count)"
    case .pointer(let target): return "*" + part(target)
    case .array(let element, let count): return "[\(count ?? -1)]" + part(element)
    case .function(let prototype):
      let parameters = prototype.parameters.map { part($0.type) }.joined(separator: ",")
      return "(\(parameters)\(prototype.isVariadic ? ",..." : ""))" + part(prototype.result)
    case .structure, .union, .enumeration:
      if let number = numbers[node] { return "#\(number)" }
      if found.contains(node), let label = label(node) { return "#" + label }
      return reference(node) ?? content(node, numbers, [])
    }
  }
}
