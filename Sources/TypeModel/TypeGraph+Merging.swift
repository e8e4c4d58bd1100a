extension CType {
  /// The same type with each id that it refers to replaced.
  package func mapped(_ replace: (TypeID) -> TypeID) -> CType {
    switch self {
    case .void, .base, .enumeration: self
    case .pointer(let target): .pointer(to: replace(target))
    case .array(let element, let count): .array(of: replace(element), count: count)
    case .structure(let composite): .structure(composite.mapped(replace))
    case .union(let composite): .union(composite.mapped(replace))
    case .typedef(let name, let target): .typedef(name: name, of: replace(target))
    case .qualified(let qualifier, let target): .qualified(qualifier, of: replace(target))
    case .function(let prototype): .function(prototype.mapped(replace))
    }
  }
}

extension Composite {
  fileprivate func mapped(_ replace: (TypeID) -> TypeID) -> Composite {
    var result = self
    for index in members.indices { result.members[index].type = replace(members[index].type) }
    return result
  }
}

extension Prototype {
  /// The same prototype with each type's id replaced.
  package func mapped(_ replace: (TypeID) -> TypeID) -> Prototype {
    var copy = self
    copy.result = replace(result)
    for index in parameters.indices {
      copy.parameters[index].type = replace(parameters[index].type)
    }
    return copy
  }
}

extension TypeGraph {
  /// The graph with one of each set of types that are equal in every part, and the new id of each
  /// old one.
  ///
  /// Where a struct or union is declared counts by file name and line, so that types of one tag
  /// from different files stay apart. Recursive types are equal if nothing tells them apart.
  package func merged() -> (graph: TypeGraph, ids: [TypeID]) {
    let classes = structuralClasses()
    var first: [Int: TypeID] = [:]
    var kept: [Int] = []
    let ids = types.indices.map { index -> TypeID in
      if let known = first[classes[index]] { return known }
      let id = TypeID(rawValue: kept.count)
      first[classes[index]] = id
      kept.append(index)
      return id
    }
    let graph = TypeGraph(types: kept.map { types[$0].mapped { ids[$0.rawValue] } })
    return (graph, ids)
  }

  /// Numbers the types so that equal ones have equal numbers (partition refinement: begin with what
  /// each type says itself, and split until what the parts say changes nothing any more).
  private func structuralClasses() -> [Int] {
    var known: [CType: Int] = [:]
    var classes = types.map { type in
      let number = known[type.withoutParts] ?? known.count
      known[type.withoutParts] = number
      return number
    }
    let parts = types.map { type in
      var found: [Int] = []
      _ = type.mapped { part in
        found.append(part.rawValue)
        return part
      }
      return found
    }
    var count = known.count
    while true {
      var numbers: [[Int]: Int] = [:]
      numbers.reserveCapacity(count)
      let next = types.indices.map { index in
        let key = [classes[index]] + parts[index].map { classes[$0] }
        let number = numbers[key] ?? numbers.count
        numbers[key] = number
        return number
      }
      classes = next
      if numbers.count == count { return classes }
      count = numbers.count
    }
  }
}

extension CType {
  /// What the type says without what it refers to.
  fileprivate var withoutParts: CType {
    switch mapped({ _ in TypeID(rawValue: 0) }) {
    case .structure(let composite): .structure(composite.declaredInFile)
    case .union(let composite): .union(composite.declaredInFile)
    case let other: other
    }
  }
}

extension Composite {
  /// Declared in the same file, without its directories: each unit may reach a header by another way.
  fileprivate var declaredInFile: Composite {
    var result = self
    result.declaredAt = declaredAt.map {
      SourceLine(
        file: $0.file.split(separator: "/").last.map(String.init) ?? $0.file, line: $0.line)
    }
    return result
  }
}
