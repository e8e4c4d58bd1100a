import ObjectModel
package import Comparing
package import Relinking
import TypeModel
import VersionSpace
package import X86Code

/// Turns the difference of two images into an `UpdatePlan` and the bytes it needs in the arenas.
///
/// Pure: what it cannot know (addresses of foreign symbols) is asked for through `foreign`.
package struct Planner<Decoder: InstructionDecoding> {
  package let old: ImageIndex
  package let new: ImageIndex
  package let changes: Changes
  package let decoder: Decoder
  package let tlsByteCount: UInt64
  /// The first version's direct calls.
  package var callSites: CallSiteTable
  var model: ProgramModel
  /// By index in the new delta's procedures.
  var bound: [Binding.Procedure?]
  var storage: [UInt64?]
  /// Old implementation by `ProcedureID`, before the update.
  let before: [ProcedureID: Int]
  /// How many of the new image's procedures are the program's; those behind are maps.
  let programProcedureCount: Int

  /// `new`: the new version.
  ///
  /// `maps`: hand-written maps that go with this update.
  package init(
    old: ImageIndex, new index: ImageIndex, maps: [MapsUnit], changes: Changes,
    model: ProgramModel, decoder: Decoder, tlsByteCount: UInt64, callSites: CallSiteTable
  ) {
    self.old = old
    new = maps.isEmpty ? index : ImageIndex(index.image.adding(maps))
    programProcedureCount = index.image.delta.procedures.count
    self.changes = changes
    self.model = model
    self.decoder = decoder
    self.tlsByteCount = tlsByteCount
    self.callSites = callSites
    bound = Array(repeating: nil, count: new.image.delta.procedures.count)
    storage = Array(repeating: nil, count: new.image.delta.data.count)
    before = Dictionary(
      uniqueKeysWithValues: model.procedures.map { ($0.id, $0.implementation) })
  }

  /// Makes the plan.
  ///
  /// `foreign`: finds the symbols that no prepared unit defines; those missing from the answer make the update impossible if they are used.
  ///
  /// Throws: what makes it impossible; nothing has been written.
  package mutating func plan(
    foreign: (Set<String>) throws(LinkFailure) -> ForeignAddresses
  ) throws(LinkFailure) -> (UpdatePlan, Injection) {
    rememberKeys()
    let fresh = bindProcedures()
    bindSharedData()
    let maps = Array(programProcedureCount..<bound.count)
    let known = try foreign(ForeignNames(new).used(by: fresh + maps))
    var linker = Linker(
      index: new, decoder: decoder, binding: provisionalBinding(), model: model,
      tlsByteCount: tlsByteCount, foreign: known)
    let (created, tables) = try createData(&linker)
    try createTrampolines(&linker)
    let (placed, placedTables) = try reuseOrPlace(fresh, tables, &linker)
    try placeMaps(maps, &linker)
    for (datum, address) in created + placedTables {
      try linker.initialise(datum: datum, at: address)
    }
    return try finish(&linker, placed: placed, maps: maps)
  }

  /// Gives each old implementation that will be replaced its key, while its image is at hand.
  private mutating func rememberKeys() {
    let digest = ContentDigest(index: old, binding: model.binding, model: model, decoder: decoder)
    for change in changes.procedures where change.isUpdated {
      guard let index = change.old else { continue }
      let implementation = model.binding.procedures[index].implementation
      if model.implementations[implementation].key == nil {
        model.implementations[implementation].key = digest.key(ofProcedure: index)
      }
    }
  }

  /// Gives every procedure of the new version its id, and the unchanged ones all the rest.
  ///
  /// - Returns: the procedures that need an implementation: changed and added ones.
  private mutating func bindProcedures() -> [Int] {
    var fresh: [Int] = []
    for change in changes.procedures {
      guard let index = change.new else { continue }
      if let oldIndex = change.old {
        bound[index] = model.binding.procedures[oldIndex]
        if change.isUpdated { fresh.append(index) }
      } else {
        bound[index] = adopt(index, named: change.name)
        fresh.append(index)
      }
    }
    return fresh
  }

  /// The record of an added procedure: the one it had in an earlier version, or a new one.
  private mutating func adopt(_ index: Int, named name: String) -> Binding.Procedure {
    let described = new.image.delta.procedures[index]
    let convention = CallingConvention(of: described.prototype, in: new.image.delta.types)
    let live = Set(model.binding.procedures.map(\.id))
    if let record = model.procedures.first(where: {
      $0.name == name && !live.contains($0.id)
        && $0.epochs.contains { $0.convention.isSame(as: convention) }
    }), let epoch = record.epochs.firstIndex(where: { $0.convention.isSame(as: convention) }) {
      model[record.id].epoch = epoch
      return Binding.Procedure(
        id: record.id, trampoline: record.epochs[epoch].trampoline,
        slot: record.epochs[epoch].slot, implementation: record.implementation)
    }
    let id = ProcedureID(rawValue: model.procedures.count)
    model.procedures.append(
      ProcedureRecord(
        id: id, name: name,
        isEntry: ProgramModel.isEntry(described, new.image.delta.types), epochs: [], epoch: 0,
        implementation: -1))
    return Binding.Procedure(
      id: id, trampoline: TraceeAddress(rawValue: 0), slot: TraceeAddress(rawValue: 0),
      implementation: -1)
  }

  private mutating func bindSharedData() {
    for change in changes.data {
      guard let index = change.new else { continue }
      switch change.action {
      case .share, .reinitialise:
        if let oldIndex = change.old { storage[index] = model.binding.data[oldIndex] }
      case .create, .map, .remove: break
      }
    }
  }

  private func provisionalBinding() -> Binding {
    let none = Binding.Procedure(
      id: ProcedureID(rawValue: -1), trampoline: TraceeAddress(rawValue: 0),
      slot: TraceeAddress(rawValue: 0), implementation: -1)
    return Binding(
      version: model.binding.version.next, buildID: new.image.delta.buildID,
      procedures: bound.map { $0 ?? none }, data: storage.map { $0 ?? 0 })
  }

  /// Storage for data that is new or moves.
  ///
  /// A datum that an earlier version had comes back to its old place, with the value it had. Tables
  /// of labels wait until it is known where their procedures are.
  private mutating func createData(
    _ linker: inout Linker<Decoder>
  ) throws(LinkFailure) -> (created: [(Int, TraceeAddress)], tables: [Int]) {
    var created: [(Int, TraceeAddress)] = []
    var tables: [Int] = []
    let digest = digest(linker)
    let files = UnitNames(new.image.delta)
    for change in changes.data {
      guard let index = change.new, storage[index] == nil else { continue }
      let key = StorageKey(new.image.delta, datum: index, files: files)
      var isMapped = false
      if case .map = change.action { isMapped = true }
      let isConstant = isConstant(index)
      if isConstant, digest.holdsLabels(index) {
        tables.append(index)
        continue
      }
      // What an earlier version left in a table of labels is of use to that version's code alone.
      if !isMapped, !isConstant, change.old == nil, !digest.holdsLabels(index),
        let known = linker.model.storages[key]
      {
        storage[index] = known.rawValue
        linker.binding.data[index] = known.rawValue
        continue
      }
      if isConstant {
        if let address = try placeConstant(index, &linker) { created.append((index, address)) }
        continue
      }
      let address = try linker.place(datum: index)
      linker.model.storages[key] = address
      storage[index] = address.rawValue
      linker.binding.data[index] = address.rawValue
      created.append((index, address))
    }
    return (created, tables)
  }

  /// Binds a constant to equal content in the arena; otherwise gives it storage, which comes back and
  /// is to be filled.
  mutating func placeConstant(
    _ index: Int, _ linker: inout Linker<Decoder>
  ) throws(LinkFailure) -> TraceeAddress? {
    let content = digest(linker).key(ofDatum: index)
    let known = content.flatMap { linker.model.literals[$0] }
    let address = if let known { known } else { try linker.place(datum: index) }
    if let content { linker.model.literals[content] = address }
    storage[index] = address.rawValue
    linker.binding.data[index] = address.rawValue
    return known == nil ? address : nil
  }

  private func isConstant(_ datum: Int) -> Bool {
    let described = new.image.delta.data[datum]
    guard let section = described.section else { return false }
    return new.image.object(of: described.unit)[section].isConstant
  }

  func digest(
    _ linker: Linker<Decoder>, unplaced: Set<Int> = []
  ) -> ContentDigest<Decoder> {
    ContentDigest(
      index: new, binding: linker.binding, model: linker.model, decoder: decoder,
      unplaced: unplaced)
  }
}
