import TypeModel

extension TypeGraph {
  /// The complete structs and unions by the name that programs know them by: the tag, or the
  /// typedef of an anonymous one.
  func compositesByName() -> [String: [TypeID]] {
    var byName: [String: [TypeID]] = [:]
    for index in types.indices {
      let id = TypeID(rawValue: index)
      switch self[id] {
      case .structure(let composite), .union(let composite):
        if let tag = composite.tag, composite.isComplete { byName[tag, default: []].append(id) }
      case .typedef(let name, _):
        let target = resolved(id)
        guard target.alias == name else { continue }
        switch self[target.id] {
        case .structure(let composite), .union(let composite):
          if composite.tag == nil, composite.isComplete {
            byName[name, default: []].append(target.id)
          }
        default: continue
        }
      default: continue
      }
    }
    return byName.mapValues { Array(Set($0)).sorted() }
  }

  /// Member names of all composites of that name.
  func members(ofTag tag: String) -> [String] {
    (compositesByName()[tag] ?? []).flatMap { id -> [String] in
      switch self[id] {
      case .structure(let composite), .union(let composite): composite.members.compactMap(\.name)
      default: []
      }
    }
  }

  /// The types that contain one of `roots` by value: arrays, structs and unions of it, and its
  /// typedefs and qualified forms; `roots` among them.
  func containers(of roots: [TypeID]) -> Set<TypeID> {
    closure(of: roots) { type in
      switch type {
      case .array, .typedef, .qualified, .structure, .union: type.parts
      default: []
      }
    }
  }

  /// The types from which code has one of `roots` in its hand: its containers, and pointers to
  /// these, functions that take or give these, and so on, but not the structs that hold pointers.
  func holders(of roots: [TypeID]) -> Set<TypeID> {
    closure(of: Array(containers(of: roots))) { type in
      switch type {
      case .pointer, .array, .typedef, .qualified, .function: type.parts
      default: []
      }
    }
  }

  /// The types from which one of `roots` can be reached by any way at all.
  func reachers(of roots: [TypeID]) -> Set<TypeID> { closure(of: roots, \.parts) }

  /// `roots` and all types from which `edges` lead to them.
  private func closure(of roots: [TypeID], _ edges: (CType) -> [TypeID]) -> Set<TypeID> {
    var users: [TypeID: [TypeID]] = [:]
    for index in types.indices {
      let id = TypeID(rawValue: index)
      for part in edges(self[id]) { users[part, default: []].append(id) }
    }
    var found = Set(roots)
    var work = roots
    while let next = work.popLast() {
      for user in users[next] ?? [] where found.insert(user).inserted { work.append(user) }
    }
    return found
  }
}
