import Relinking
import TypeModel

/// Finds the sets of procedures that must change in one stop (design: "Hard groups").
struct Grouping {
  let pairing: Pairing
  let names: ProgramNames
  let wishes: Wishes
  let maps: GivenMaps
  let old: Delta
  let new: Delta
  let uses: [ProcedureUse]
  let decisions: DataDecisions
  /// Each changed struct that is not harmless, with its users' procedure pairs.
  let structures: [(structure: StructureChanges.Structure, users: [Int])]
  /// Procedure pairs that begin an epoch.
  let epochs: Set<Int>
  let cloneCallers: CloneCallers

  func groups() -> [Group] {
    let structureGroups = structures.filter { !$0.users.isEmpty }.map {
      Group(
        members: withHosts($0.users), reason: .structure($0.structure.tag), forbidsResidents: true)
    }
    let wanted = wishes.together.map {
      Group(members: Array(Set($0.members)).sorted(), reason: .together(line: $0.line))
    }
    return dataGroups() + structureGroups + epochGroups() + wanted
  }

  private func dataGroups() -> [Group] {
    var users: [Int: [Int]] = [:]
    for (index, use) in uses.enumerated() {
      let data = Set(use.dataInOld.map { pairing.data.ofOld[$0] })
        .union(use.dataInNew.map { pairing.data.ofNew[$0] })
      for datum in data { users[datum, default: []].append(index) }
    }
    return decisions.actions.indices.compactMap { index in
      guard !wishes.harmlessData.contains(index), let members = users[index] else { return nil }
      let isMoved = decisions.moved.contains(index)
      if !isMoved {
        guard case .reinitialise = decisions.actions[index] else { return nil }
      }
      return Group(
        members: withHosts(members), reason: .datum(names.data[index]),
        forbidsResidents: isMoved && !isConstant(index))
    }
  }

  private func isConstant(_ datum: Int) -> Bool { decisions.likenesses[datum]?.isConstant ?? false }

  private func epochGroups() -> [Group] {
    epochs.sorted().compactMap { pair in
      guard !wishes.harmlessProcedures.contains(pair),
        let index = pairing.procedures.pairs[pair].new,
        !maps.functions.contains("iproc_\(new.procedures[index].name)")
      else { return nil }
      let members = Set(callers(of: pair)).union([pair])
      return Group(
        members: withHosts(Array(members)), reason: .epoch(names.procedures[pair]),
        forbidsResidents: true)
    }
  }

  /// With those that call clones of a member: they go on with the old ones until they change.
  private func withHosts(_ members: [Int]) -> [Int] {
    var all = Set(members)
    var left = members
    while let member = left.popLast() {
      for host in cloneCallers.of[member, default: []] where all.insert(host).inserted {
        left.append(host)
      }
    }
    return all.sorted()
  }

  /// Those that call or name the procedure in either version.
  private func callers(of pair: Int) -> [Int] {
    let target = pairing.procedures.pairs[pair]
    return pairing.procedures.pairs.indices.filter { index in
      let caller = pairing.procedures.pairs[index]
      if let old = target.old, let number = caller.old {
        if uses[index].proceduresInOld.contains(old) || self.old.procedures[number].calls(old) {
          return true
        }
      }
      guard let new = target.new, let number = caller.new else { return false }
      return uses[index].proceduresInNew.contains(new) || self.new.procedures[number].calls(new)
    }
  }

  /// Why each procedure's old activations must not go on, by procedure pair.
  func touches() -> [[ProcedureChange.Touch]] {
    var touches = uses.map { use in
      Set(use.dataInOld.map { pairing.data.ofOld[$0] }).sorted().filter { datum in
        decisions.moved.contains(datum) && !isConstant(datum)
          && !wishes.harmlessData.contains(datum)
      }.map { ProcedureChange.Touch.datum(names.data[$0]) }
    }
    for each in structures {
      for user in each.users { touches[user].append(.structure(each.structure.tag)) }
    }
    return touches
  }
}

/// Who calls clones of a procedure, in either version.
struct CloneCallers {
  /// By procedure pair.
  private(set) var of: [Int: [Int]] = [:]

  init(old: Delta, new: Delta, pairing: Pairing) {
    for (delta, pairs) in [(old, pairing.procedures.ofOld), (new, pairing.procedures.ofNew)] {
      for (caller, procedure) in delta.procedures.enumerated() {
        for edge in procedure.calls where edge.kind == .clone {
          of[pairs[edge.callee], default: []].append(pairs[caller])
        }
      }
    }
  }
}

extension Delta.Procedure {
  /// Whether it calls `callee` by name.
  fileprivate func calls(_ callee: Int) -> Bool {
    calls.contains { edge in
      guard edge.callee == callee else { return false }
      switch edge.kind {
      case .direct, .clone: return true
      case .indirect, .callback: return false
      }
    }
  }
}
