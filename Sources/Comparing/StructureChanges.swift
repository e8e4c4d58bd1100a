import ObjectModel
import Relinking
import TypeModel

/// The structs and unions whose layout changed, and who is concerned.
struct StructureChanges {
  let pairing: Pairing
  let old: ProgramView
  let new: ProgramView
  let types: TypeComparison
  /// What each procedure refers to, by procedure pair.
  let uses: [ProcedureUse]

  /// One struct whose layout changed.
  struct Structure: Hashable, Sendable {
    var tag: String
    var declaredAt: SourceLine?
    /// All types of that name, incomplete ones too, in each version.
    var oldTypes: [TypeID]
    var newTypes: [TypeID]
  }

  /// What changed, sorted by tag.
  ///
  /// A tag counts if both versions have a complete type of it.
  func changed() -> [Structure] {
    let before = old.delta.types.compositesByName()
    let after = new.delta.types.compositesByName()
    return before.keys.sorted().compactMap { tag in
      guard let olds = before[tag], let news = after[tag], isChanged(olds, news) else { return nil }
      return Structure(
        tag: tag, declaredAt: new.delta.types.composite(news[0])?.declaredAt,
        oldTypes: olds + old.delta.types.incomplete(tag),
        newTypes: news + new.delta.types.incomplete(tag))
    }
  }

  /// Different types may share a tag in different units: those of one file are compared.
  private func isChanged(_ olds: [TypeID], _ news: [TypeID]) -> Bool {
    if olds.count == 1, news.count == 1 { return !types.areSame(olds[0], news[0]) }
    return olds.contains { left in
      let file = old.delta.types.composite(left)?.declaredAt?.file.fileName
      let peers = news.filter { new.delta.types.composite($0)?.declaredAt?.file.fileName == file }
      return !peers.isEmpty && !peers.contains { types.areSame(left, $0) }
    }
  }

  // MARK: - Where objects of it are

  /// The data pairs from which an object of the struct is reached through a pointer.
  func roots(of structure: Structure) -> Set<Int> {
    let graph = old.delta.types
    let reachers = graph.reachers(of: structure.oldTypes)
    let containers = graph.containers(of: structure.oldTypes)
    return Set(
      old.delta.data.indices.filter { index in
        let type = old.delta.data[index].type
        return reachers.contains(type) && !containers.contains(type)
      }.map { pairing.data.ofOld[$0] })
  }

  /// Whether a procedure that knows the struct also obtains memory: objects may lie on the heap.
  ///
  /// A size that is computed does not show, so any allocation counts.
  func mayBeAllocated(_ structure: Structure) -> Bool {
    let holders = old.delta.types.holders(of: structure.oldTypes)
    return pairing.procedures.pairs.indices.contains { index in
      guard let procedure = pairing.procedures.pairs[index].old,
        old.delta.procedures[procedure].mentions(holders)
      else { return false }
      return uses[index].foreignInOld.contains(where: Self.allocates)
        || uses[index].proceduresInOld.contains { callee in
          old.delta.procedures[callee].looksLikeAllocator(old.delta.types)
        }
    }
  }

  private static func allocates(_ foreign: String) -> Bool {
    ["mmap", "shmat", "sbrk", "strdup", "strndup"].contains(foreign)
      || foreign.contains("alloc") || foreign.contains("memalign")
  }

  /// The procedure pairs whose code touches objects of the struct: those that have one, or a
  /// pointer to one, in their hands; of those that change, also those that can get at one.
  func users(of structure: Structure, changed: Set<Int>) -> [Int] {
    let sides = [
      (old.delta, structure.oldTypes, \Pairing.Pair.old, \ProcedureUse.dataInOld),
      (new.delta, structure.newTypes, \Pairing.Pair.new, \ProcedureUse.dataInNew),
    ].map { delta, roots, side, data in
      (
        delta: delta, holders: delta.types.holders(of: roots),
        reachers: delta.types.reachers(of: roots), side: side, data: data
      )
    }
    return pairing.procedures.pairs.indices.filter { index in
      sides.contains { each in
        guard let number = pairing.procedures.pairs[index][keyPath: each.side] else { return false }
        let procedure = each.delta.procedures[number]
        if procedure.mentions(each.holders) { return true }
        guard changed.contains(index) else { return false }
        return procedure.mentions(each.reachers)
          || uses[index][keyPath: each.data].contains {
            each.reachers.contains(each.delta.data[$0].type)
          }
      }
    }
  }
}

extension Delta.Procedure {
  fileprivate func mentions(_ types: Set<TypeID>) -> Bool {
    mentionedTypes.contains(where: types.contains)
      || prototype.parameters.contains { types.contains($0.type) }
      || types.contains(prototype.result)
  }

  /// A wrapper of malloc of the program's own: named like one, or giving a `void *`.
  fileprivate func looksLikeAllocator(_ graph: TypeGraph) -> Bool {
    if name.contains("alloc") { return true }
    guard case .pointer(let target) = graph[graph.resolved(prototype.result).id] else {
      return false
    }
    return graph[graph.resolved(target).id] == .void
  }
}

extension TypeGraph {
  fileprivate func composite(_ id: TypeID) -> Composite? {
    switch self[id] {
    case .structure(let composite), .union(let composite): composite
    default: nil
    }
  }

  /// Types of that tag that their unit only declares.
  fileprivate func incomplete(_ tag: String) -> [TypeID] {
    types.indices.map(TypeID.init(rawValue:)).filter {
      guard let composite = composite($0) else { return false }
      return composite.tag == tag && !composite.isComplete
    }
  }
}

extension String {
  fileprivate var fileName: String { split(separator: "/").last.map(String.init) ?? self }
}
