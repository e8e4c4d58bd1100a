import Comparing
import Relinking
import VersionSpace
import X86Code

extension Planner {
  /// Links the maps; the names by which they know old and new things are resolved here.
  func placeMaps(_ maps: [Int], _ linker: inout Linker<Decoder>) throws(LinkFailure) {
    guard !maps.isEmpty else { return }
    for (name, address) in versionedNames(linker) { linker.foreign.addresses[name] = address }
    for allocator in ["malloc", "calloc", "realloc", "free", "strdup", "asprintf"] {
      linker.foreign.addresses[allocator] = nil
    }
    try linker.place(procedures: maps)
    guard linker.model.mapStackTop == nil else { return }
    let byteCount: UInt64 = 256 << 10
    let stack = try linker.model.data.allocate(byteCount, alignment: 64, named: .data)
    let stub = try linker.model.text.allocate(16, alignment: 16, named: .text)
    linker.injection.writes.append(
      Injection.Write(address: stub, bytes: [0xB8, 15, 0, 0, 0, 0x0F, 0x05, 0xF4]))
    linker.model.mapStackTop = TraceeAddress(rawValue: stack.rawValue + byteCount)
    linker.model.mapReturnStub = stub
  }

  /// `old_D`, `new_D`, `old_P`, `new_P`, and with the procedure or the file in front where a name
  /// alone says too little (`docs/maps.md`).
  private func versionedNames(_ linker: Linker<Decoder>) -> [String: TraceeAddress] {
    var names: [String: TraceeAddress] = [:]
    let oldNames = MapNames(old.image.delta)
    for index in old.image.delta.data.indices {
      for spelling in oldNames.references(ofDatum: index) {
        names["old_" + spelling] = TraceeAddress(rawValue: model.binding.data[index])
      }
    }
    let newNames = MapNames(new.image.delta)
    for index in new.image.delta.data.indices {
      for spelling in newNames.references(ofDatum: index) {
        names["new_" + spelling] = TraceeAddress(rawValue: linker.binding.data[index])
      }
    }
    for (index, procedure) in old.image.delta.procedures.enumerated() {
      let implementation = model.binding.procedures[index].implementation
      names["old_" + procedure.name] = model.implementations[implementation].entry
    }
    for (index, procedure) in new.image.delta.procedures.enumerated()
    where index < programProcedureCount {
      names["new_" + procedure.name] = linker.binding.procedures[index].trampoline
    }
    return names
  }

  /// Books each map: an mprocedure with the group that it belongs to, an interprocedure as what the
  /// old epoch's slot leads to.
  func addMaps(
    _ maps: [Int], _ binding: Binding, _ linker: inout Linker<Decoder>, _ plan: inout UpdatePlan
  ) {
    guard let stack = linker.model.mapStackTop, let stub = linker.model.mapReturnStub else {
      return
    }
    for index in maps {
      let name = new.image.delta.procedures[index].name
      guard
        let entry = linker.parts(of: index).first.map({ TraceeAddress(rawValue: $0.lowerBound) })
      else { continue }
      let call = MapCall(entry: entry, stackTop: stack, returnStub: stub)
      if name.hasPrefix("mproc_data_") {
        let datum = String(name.dropFirst("mproc_data_".count))
        plan.maps.append(
          PlannedMap(name: name, call: call, group: group(forDatum: datum, &plan)))
      } else if name.hasPrefix("mproc_") {
        let procedure = String(name.dropFirst("mproc_".count))
        plan.maps.append(
          PlannedMap(name: name, call: call, group: group(forProcedure: procedure, &plan)))
      } else if name.hasPrefix("iproc_") {
        redirect(String(name.dropFirst("iproc_".count)), to: entry, &plan)
      }
    }
  }

  private func group(forDatum spelling: String, _ plan: inout UpdatePlan) -> Int {
    let mapped = changes.data.first { $0.action == .map(by: "mproc_data_" + spelling) }
    let known = changes.groups.firstIndex { group in
      mapped.map { group.reason == .datum($0.name) } ?? false
    }
    if let known { return known }
    plan.groups.append(PlannedGroup(members: [], reason: spelling, forbidsResidents: false))
    return plan.groups.count - 1
  }

  /// All groups of the procedure's own data must be as one, since its mprocedure maps them all.
  private func group(forProcedure name: String, _ plan: inout UpdatePlan) -> Int {
    let id = plan.model.procedures.first { $0.name == name || $0.name.hasSuffix(":" + name) }?.id
    var members: Set<ProcedureID> = id.map { [$0] } ?? []
    for group in plan.groups where id.map(group.members.contains) ?? false {
      members.formUnion(group.members)
    }
    plan.groups.append(
      PlannedGroup(members: members, reason: "mproc_" + name, forbidsResidents: false))
    return plan.groups.count - 1
  }

  private func redirect(_ name: String, to entry: TraceeAddress, _ plan: inout UpdatePlan) {
    for index in plan.procedures.indices where plan.procedures[index].name == name {
      let id = plan.procedures[index].id
      let record = model[id]
      let slot = record.epochs[record.epoch].slot
      let reached = model.implementations[record.reached ?? record.implementation]
      plan.procedures[index].store = SlotStore(
        slot: slot, old: reached.entry.rawValue, new: entry.rawValue)
    }
  }
}
