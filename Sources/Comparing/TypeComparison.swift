import TypeModel

/// Whether types of two versions have the same layout and meaning.
///
/// Behind a pointer, structs and unions of one tag count as the same type: what a change of *their*
/// layout means is decided for the tag as a whole (`StructureChanges`).
struct TypeComparison: Sendable {
  let old: TypeGraph
  let new: TypeGraph
  /// New name of each renamed member, by tag and old name (`renamed S.old new`).
  let renamed: [String: [String: String]]

  /// Whether storage of type `old` can be used as it is for type `new`.
  func areSame(_ old: TypeID, _ new: TypeID) -> Bool {
    var assumed: Set<Question> = []
    return areSame(old, new, behindPointer: false, &assumed)
  }

  private struct Question: Hashable {
    var old: TypeID
    var new: TypeID
    var behindPointer: Bool
  }

  /// `assumed` makes recursive types end: a question that comes up while it is being answered
  /// holds unless something else fails.
  private func areSame(
    _ oldID: TypeID, _ newID: TypeID, behindPointer: Bool, _ assumed: inout Set<Question>
  ) -> Bool {
    let left = old.resolved(oldID)
    let right = new.resolved(newID)
    let question = Question(old: left.id, new: right.id, behindPointer: behindPointer)
    guard assumed.insert(question).inserted else { return true }
    switch (old[left.id], new[right.id]) {
    case (.void, .void): return true
    case (.base(_, let encoding, let count), .base(_, let newEncoding, let newCount)):
      return encoding == newEncoding && count == newCount
    case (.pointer(let target), .pointer(let newTarget)):
      return areSame(target, newTarget, behindPointer: true, &assumed)
    case (.array(let element, let count), .array(let newElement, let newCount)):
      return count == newCount
        && areSame(element, newElement, behindPointer: behindPointer, &assumed)
    case (.structure(let composite), .structure(let newComposite)),
      (.union(let composite), .union(let newComposite)):
      let name = composite.tag ?? left.alias
      if behindPointer, let name, name == newComposite.tag ?? right.alias { return true }
      return areSame(composite, newComposite, renamed[name ?? ""] ?? [:], &assumed)
    case (.enumeration(let enumeration), .enumeration(let newEnumeration)):
      return Self.areSame(enumeration, newEnumeration)
    case (.function(let prototype), .function(let newPrototype)):
      return areSame(prototype, newPrototype, &assumed)
    default: return false
    }
  }

  private func areSame(
    _ left: Composite, _ right: Composite, _ renamed: [String: String],
    _ assumed: inout Set<Question>
  ) -> Bool {
    guard left.byteCount == right.byteCount, left.members.count == right.members.count,
      left.isComplete == right.isComplete
    else { return false }
    for (member, newMember) in zip(left.members, right.members) {
      let name = member.name.map { renamed[$0] ?? $0 }
      guard name == newMember.name, member.bitOffset == newMember.bitOffset,
        member.bitWidth == newMember.bitWidth,
        areSame(member.type, newMember.type, behindPointer: false, &assumed)
      else { return false }
    }
    return true
  }

  /// Constants may be added, but each old one keeps its value: stored values keep their meaning.
  private static func areSame(_ left: Enumeration, _ right: Enumeration) -> Bool {
    let values = Dictionary(
      right.constants.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return left.byteCount == right.byteCount
      && left.constants.allSatisfy { values[$0.name] == $0.value }
  }

  private func areSame(
    _ left: Prototype, _ right: Prototype, _ assumed: inout Set<Question>
  ) -> Bool {
    guard left.parameters.count == right.parameters.count, left.isVariadic == right.isVariadic,
      areSame(left.result, right.result, behindPointer: false, &assumed)
    else { return false }
    for (parameter, newParameter) in zip(left.parameters, right.parameters) {
      guard areSame(parameter.type, newParameter.type, behindPointer: false, &assumed) else {
        return false
      }
    }
    return true
  }
}

extension TypeGraph {
  /// The type behind typedefs and qualifiers, with the innermost typedef's name: an anonymous
  /// struct is known by that.
  func resolved(_ id: TypeID) -> (id: TypeID, alias: String?) {
    var current = id
    var alias: String?
    // A chain longer than the graph goes round in a circle.
    for _ in 0...types.count {
      switch self[current] {
      case .typedef(let name, let inner):
        alias = name
        current = inner
      case .qualified(_, let inner): current = inner
      default: return (current, alias)
      }
    }
    return (current, alias)
  }
}
