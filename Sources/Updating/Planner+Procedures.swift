import ByteCoding
import Comparing
import Relinking
import TypeModel
import VersionSpace
import X86Code

extension Planner {
  /// What became of a procedure that needed an implementation.
  struct Placed {
    var index: Int
    var implementation: Int
  }

  /// Trampolines and slots for procedures that are new, begin an epoch, or were only clones so far.
  mutating func createTrampolines(_ linker: inout Linker<Decoder>) throws(LinkFailure) {
    for change in changes.procedures {
      guard let index = change.new, let id = bound[index]?.id, hasBody(index) else { continue }
      let current = linker.model[id].epoch
      let isNew = linker.model[id].epochs.isEmpty
      guard isNew || change.beginsEpoch || linker.model[id].epochs[current].slot.rawValue == 0
      else { continue }
      let described = new.image.delta.procedures[index]
      let convention = CallingConvention(of: described.prototype, in: new.image.delta.types)
      let known =
        isNew || change.beginsEpoch
        ? linker.model[id].epochs.indices.first {
          $0 != current && linker.model[id].epochs[$0].convention.isSame(as: convention)
        } : current
      if let known, linker.model[id].epochs[known].slot.rawValue != 0 {
        linker.model[id].epoch = known
      } else {
        let made = try linker.placeTrampoline(leadingTo: TraceeAddress(rawValue: 0))
        let epoch = ProcedureRecord.Epoch(
          convention: convention, trampoline: made.trampoline, slot: made.slot)
        if let known {
          linker.model[id].epochs[known] = epoch
        } else {
          linker.model[id].epochs.append(epoch)
        }
        linker.model[id].epoch = known ?? linker.model[id].epochs.count - 1
      }
      let epoch = linker.model[id].epochs[linker.model[id].epoch]
      bound[index]?.trampoline = epoch.trampoline
      bound[index]?.slot = epoch.slot
      linker.binding.procedures[index].trampoline = epoch.trampoline
      linker.binding.procedures[index].slot = epoch.slot
    }
  }

  /// Whether the new version has `index` under its own name, to be called through a slot; otherwise
  /// it has only clones of it, which are called within the version alone.
  private func hasBody(_ index: Int) -> Bool {
    new.image.delta.procedures[index].slot.rawValue != 0
  }

  /// Finds each procedure's code in the target, or links it into the arena.
  ///
  /// `tables`: constant tables of labels, which are placed with their procedures; those that are to
  /// be filled come back.
  mutating func reuseOrPlace(
    _ fresh: [Int], _ tables: [Int], _ linker: inout Linker<Decoder>
  ) throws(LinkFailure) -> (procedures: [Placed], tables: [(Int, TraceeAddress)]) {
    var (placed, missing) = reuse(fresh, &linker)
    var isFurther = !placed.isEmpty
    // What was found lets those be found that refer to it as a clone.
    while isFurther, !missing.isEmpty {
      let (more, rest) = reuse(missing.map(\.index), &linker)
      placed += more
      missing = rest
      isFurther = !more.isEmpty
    }
    try linker.reserve(procedures: missing.map(\.index))
    for (index, key) in missing {
      let id = linker.binding.procedures[index].id
      linker.model.implementations.append(
        Implementation(
          procedure: id, version: linker.binding.version, parts: linker.parts(of: index), key: key))
      linker.binding.procedures[index].implementation = linker.model.implementations.count - 1
      placed.append(
        Placed(
          index: index, implementation: linker.model.implementations.count - 1))
    }
    var placedTables: [(Int, TraceeAddress)] = []
    for table in tables {
      guard let address = try placeConstant(table, &linker) else { continue }
      placedTables.append((table, address))
    }
    try linker.fill(procedures: missing.map(\.index))
    return (placed, placedTables)
  }

  /// Binds those of `fresh` whose code is in the target already; the others come back with the key
  /// that their code will have.
  private func reuse(
    _ fresh: [Int], _ linker: inout Linker<Decoder>
  ) -> (found: [Placed], missing: [(index: Int, key: ContentKey?)]) {
    let digest = digest(linker, unplaced: Set(fresh))
    var found: [Placed] = []
    var missing: [(index: Int, key: ContentKey?)] = []
    for index in fresh {
      let key = digest.key(ofProcedure: index)
      let id = linker.binding.procedures[index].id
      if let key,
        let known = linker.model.implementations.firstIndex(where: {
          $0.procedure == id && $0.key == key
        })
      {
        found.append(Placed(index: index, implementation: known))
      } else {
        missing.append((index, key))
      }
    }
    // Only now: the digest took them all as not yet placed.
    for item in found { linker.binding.procedures[item.index].implementation = item.implementation }
    return (found, missing)
  }

  /// Puts the plan together.
  mutating func finish(
    _ linker: inout Linker<Decoder>, placed: [Placed], maps: [Int]
  ) throws(LinkFailure) -> (UpdatePlan, Injection) {
    let changeOf = Dictionary(
      changes.procedures.compactMap { change in change.new.map { ($0, change) } },
      uniquingKeysWith: { first, _ in first })
    var planned: [PlannedProcedure] = []
    var ahead: [SlotStore] = []
    for item in placed {
      let record = linker.binding.procedures[item.index]
      let entry = linker.model.implementations[item.implementation].entry
      guard let change = changeOf[item.index] else { continue }
      if change.old == nil {
        linker.model[record.id].implementation = item.implementation
        guard hasBody(item.index) else { continue }
        linker.model[record.id].reached = nil
        ahead.append(bind(record.slot, to: entry, &linker))
        continue
      }
      planned.append(
        plannedProcedure(change, record, entry, item.implementation, &ahead, &linker))
    }
    let mapsBinding = linker.binding
    linker.binding.procedures.removeSubrange(programProcedureCount...)
    linker.model.binding = linker.binding
    // The target's index is searched by halves.
    linker.model.unwind.sort { $0.code.lowerBound < $1.code.lowerBound }
    var plan = UpdatePlan(
      from: model.binding.version, to: model.binding.version.next,
      build: new.image.delta.buildID, model: linker.model)
    plan.procedures = planned.sorted { $0.id < $1.id }
    plan.boundAhead = ahead
    plan.callees = callees(new, linker.binding)
    plan.oldCallees = callees(old, model.binding)
    plan.groups = changes.groups.map { plannedGroup($0, linker.binding) }
    plan.declaredResidents = Set(
      changes.procedures.filter(\.isDeclaredResident).compactMap { change in
        change.new.map { linker.binding.procedures[$0].id }
      })
    plan.data = try plannedData(&linker, plan.groups)
    addMaps(maps, mapsBinding, &linker, &plan)
    plan.warped = changes.procedures.filter { $0.status == .same }.map(\.name)
    plan.ignored = changes.ignored
    plan.remarks = remarks()
    plan.model = linker.model
    plan.callSites = (plan.boundAhead + plan.procedures.compactMap(\.store)).compactMap {
      callSites[$0.slot]
    }
    for item in plan.procedures { plan.model[item.id].implementation = item.new }
    return (plan, linker.injection)
  }

  /// Binds a slot that nothing which runs goes through yet.
  private func bind(
    _ slot: TraceeAddress, to entry: TraceeAddress, _ linker: inout Linker<Decoder>
  ) -> SlotStore {
    linker.injection.writes.append(
      .init(address: slot, bytes: entry.rawValue.littleEndianBytes))
    return SlotStore(slot: slot, old: 0, new: entry.rawValue)
  }

  private func plannedProcedure(
    _ change: ProcedureChange, _ record: Binding.Procedure, _ entry: TraceeAddress,
    _ implementation: Int, _ ahead: inout [SlotStore], _ linker: inout Linker<Decoder>
  ) -> PlannedProcedure {
    let old = before[record.id] ?? implementation
    let reached = linker.model[record.id].reached ?? old
    var store: SlotStore?
    if let index = change.new, !hasBody(index) {
      // Callers of the old version still go through the slot, and not in a clone's way.
      linker.model[record.id].reached = reached
    } else {
      let isFreshSlot = change.old.map { model.binding.procedures[$0].slot != record.slot } ?? true
      if isFreshSlot {
        ahead.append(bind(record.slot, to: entry, &linker))
      } else {
        store = SlotStore(
          slot: record.slot, old: linker.model.implementations[reached].entry.rawValue,
          new: entry.rawValue)
      }
      linker.model[record.id].reached = nil
    }
    return PlannedProcedure(
      id: record.id, name: linker.model[record.id].name, old: old, new: implementation,
      store: store, changedInside: changedOnlyInside(change),
      inlinedHere: inlinedOnlyInto(change),
      why: (change.beginsEpoch ? "another signature; " : "") + change.reasonText)
  }

  /// Procedures without a body of their own that were inlined into this one.
  private func inlinedOnlyInto(_ change: ProcedureChange) -> [String] {
    guard let host = change.new else { return [] }
    let procedures = new.image.delta.procedures
    return Set(procedures[host].inlined.map(\.name)).subtracting(procedures.map(\.name)).sorted()
  }

  /// Changed procedures that only run inside of this one.
  ///
  /// Inlined into it or called as a clone, and called by nobody else. If it is resident, they never
  /// will.
  private func changedOnlyInside(_ change: ProcedureChange) -> [String] {
    guard let host = change.new else { return [] }
    let delta = new.image.delta
    let inlined = Set(delta.procedures[host].inlined.map(\.name))
    guard !inlined.isEmpty || !change.inlinedChanges.isEmpty else { return [] }
    let changed = changes.procedures.filter(\.isUpdated).compactMap(\.new).filter {
      $0 != host && inlined.contains(delta.procedures[$0].name)
    }.map { delta.procedures[$0].name }
    return Set(change.inlinedChanges + changed).sorted().filter { name in
      !delta.procedures.indices.contains { index in
        delta.procedures[index].name == name
          && (delta.procedures[index].isAddressTaken
            || delta.procedures.indices.contains { caller in
              caller != host && caller != index
                && delta.procedures[caller].calls.contains { $0.callee == index }
            })
      }
    }
  }

  private func callees(
    _ image: ImageIndex, _ binding: Binding
  ) -> [ProcedureID: [ProcedureID]] {
    var result: [ProcedureID: [ProcedureID]] = [:]
    for (index, procedure) in image.image.delta.procedures.enumerated()
    where !procedure.calls.isEmpty {
      result[binding.procedures[index].id] = Set(
        procedure.calls.map { binding.procedures[$0.callee].id }
      ).sorted()
    }
    return result
  }

  private func plannedGroup(_ group: Group, _ binding: Binding) -> PlannedGroup {
    let members = group.members.compactMap { member -> ProcedureID? in
      let change = changes.procedures[member]
      if let index = change.new { return binding.procedures[index].id }
      return change.old.map { model.binding.procedures[$0].id }
    }
    let reason =
      switch group.reason {
      case .datum(let name): name
      case .structure(let tag): "struct " + tag
      case .epoch(let name): "the signature of " + name
      case .together(let line): "together, line \(line)"
      }
    return PlannedGroup(
      members: Set(members), reason: reason, forbidsResidents: group.forbidsResidents)
  }
}
