import Relinking
import X86Code

/// Puts together what the comparison found.
struct ChangesAssembly<Decoder: InstructionDecoding> {
  let pairing: Pairing
  let names: ProgramNames
  let wishes: Wishes
  let maps: GivenMaps
  let old: ProgramView
  let new: ProgramView
  let decoder: Decoder
  let types: TypeComparison
  let epochs: Set<Int>
  let data: DataDecisions
  let procedures: ProcedureDecisions

  func changes() -> Changes {
    let uses = ProcedureUse.all(old: old, new: new, pairing: pairing)
    let search = StructureChanges(
      pairing: pairing, old: old, new: new, types: types, uses: uses)
    let structures = search.changed().filter { !wishes.harmlessTags.contains($0.tag) }.map {
      (structure: $0, users: search.users(of: $0, changed: procedures.changed))
    }
    let grouping = Grouping(
      pairing: pairing, names: names, wishes: wishes, maps: maps, old: old.delta, new: new.delta,
      uses: uses, decisions: data, structures: structures, epochs: epochs,
      cloneCallers: CloneCallers(old: old.delta, new: new.delta, pairing: pairing))
    let touches = grouping.touches()
    var changes = Changes(
      procedures: pairing.procedures.pairs.indices.map { procedureChange($0, touches[$0]) },
      data: pairing.data.pairs.enumerated().map { index, pair in
        DatumChange(
          old: pair.old, new: pair.new, name: names.data[index], action: data.actions[index])
      },
      groups: grouping.groups(),
      refusals: data.refusals + structureRefusals(structures, search) + addressRefusals()
        + LinkerSets(
          old: old, new: new, pairing: pairing, names: names, actions: data.actions
        ).refusals()
        + UnpreparedFiles(old: old.delta, new: new.delta).refusals() + supportRefusals(),
      ignored: procedures.ignored() + ignoredData())
    changes.notRun = notRun()
    return changes
  }

  private func notRun() -> [String] {
    let before = StartProcedures(old.index).kinds
    let after = StartProcedures(new.index).kinds
    return after.keys.sorted().compactMap { index in
      let pair = pairing.procedures.ofNew[index]
      if let left = pairing.procedures.pairs[pair].old, before[left] == after[index] { return nil }
      return after[index].map { "\($0) \(names.procedures[pair])" }
    }
  }

  private func procedureChange(_ index: Int, _ touches: [ProcedureChange.Touch]) -> ProcedureChange
  {
    let pair = pairing.procedures.pairs[index]
    var change = ProcedureChange(
      old: pair.old, new: pair.new, name: names.procedures[index],
      status: procedures.status(of: index), beginsEpoch: epochs.contains(index))
    change.touches = touches
    change.isDeclaredResident = wishes.resident.contains(index)
    guard change.isUpdated else { return change }
    change.changedOutsideInlined = true
    guard let left = pair.old, let right = pair.new, let before = reader(.old).read(left),
      let after = reader(.new).read(right)
    else { return change }
    let differences = before.differences(from: after)
    let clones = procedures.likenesses[index]?.clones.intersection(procedures.changed) ?? []
    change.inlinedChanges = Set(
      differences.filter { !$0.isEmpty } + clones.map { names.procedures[$0] }
    ).sorted()
    // Without anything inlined, the difference can only be its own, even if only its order differs.
    change.changedOutsideInlined = differences.contains("") || change.inlinedChanges.isEmpty
    return change
  }

  private func reader(_ side: InlinedCode.Side) -> InlinedCodeReader<Decoder> {
    let isOld = side == .old
    return InlinedCodeReader(
      view: isOld ? old : new, side: side, decoder: decoder,
      procedurePairs: isOld ? pairing.procedures.ofOld : pairing.procedures.ofNew,
      datumPairs: isOld ? pairing.data.ofOld : pairing.data.ofNew, movedData: data.moved,
      epochs: epochs)
  }

  private func ignoredData() -> [String] {
    data.likenesses.indices.filter {
      data.likenesses[$0]?.isNoisy == true && data.actions[$0] == .share
    }.map { names.data[$0] }
  }

  // MARK: - Refusals

  /// Refuses changed structs of which objects may exist that nothing maps: reached by a pointer
  /// from a datum without mprocedure, or allocated.
  private func structureRefusals(
    _ structures: [(structure: StructureChanges.Structure, users: [Int])],
    _ search: StructureChanges
  ) -> [Refusal] {
    structures.compactMap { each in
      let roots = search.roots(of: each.structure).filter { data.actions[$0] != .remove }
      let unmapped = roots.filter { !isMapped($0) }
      guard !unmapped.isEmpty || roots.isEmpty && search.mayBeAllocated(each.structure) else {
        return nil
      }
      return .structureNeedsMap(tag: each.structure.tag, at: each.structure.declaredAt)
    }
  }

  private func isMapped(_ datum: Int) -> Bool {
    if case .map(let name) = data.actions[datum] { maps.functions.contains(name) } else { false }
  }

  private func addressRefusals() -> [Refusal] {
    epochs.sorted().compactMap { pair in
      guard let left = pairing.procedures.pairs[pair].old,
        let right = pairing.procedures.pairs[pair].new, old.delta.procedures[left].isAddressTaken,
        !wishes.harmlessProcedures.contains(pair)
      else { return nil }
      let procedure = new.delta.procedures[right]
      if maps.functions.contains("iproc_\(procedure.name)") { return nil }
      return .storedAddress(procedure: names.procedures[pair], at: procedure.declaredAt)
    }
  }

  private func supportRefusals() -> [Refusal] {
    let check = SupportCheck(view: new)
    return pairing.procedures.pairs.indices.flatMap { index -> [Refusal] in
      let pair = pairing.procedures.pairs[index]
      guard let right = pair.new, pair.old == nil || procedures.changed.contains(index) else {
        return []
      }
      return check.refusals(of: right)
    }
  }
}
