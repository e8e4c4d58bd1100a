package import VersionSpace

/// Everything an update will do, made while the program runs.
///
/// What is decided in the stops is only when each part of it happens. The journal keeps it, so that
/// a later pup can go on.
package struct UpdatePlan: Hashable, Sendable, Codable {
  package var from: VersionNumber
  package var to: VersionNumber
  package var build: BuildID
  /// The model as it is when everything has been done.
  package var model: ProgramModel
  package var procedures: [PlannedProcedure]
  package var data: [PlannedDatum]
  package var maps: [PlannedMap]
  package var groups: [PlannedGroup]
  /// Procedures that a `resident` line names: their activations hold nothing back.
  package var declaredResidents: Set<ProcedureID> = []
  /// Slots of new procedures and epochs, which were bound before the first stop.
  package var boundAhead: [SlotStore] = []
  /// The first version's direct calls to what any of these slots belongs to.
  package var callSites: [CallSites] = []
  /// δ of the new version, only of procedures that call something.
  @PackedCalls package var callees: [ProcedureID: [ProcedureID]]
  /// The same of the old version, for the way back.
  @PackedCalls package var oldCallees: [ProcedureID: [ProcedureID]] = [:]
  /// Names of unchanged procedures, which warp at once.
  package var warped: [String]
  package var ignored: [String]
  /// What is said of static data: one sentence per datum that is new, reset, kept, mapped or gone.
  package var remarks: [String]

  package init(
    from: VersionNumber, to: VersionNumber, build: BuildID, model: ProgramModel,
    procedures: [PlannedProcedure] = [], data: [PlannedDatum] = [], maps: [PlannedMap] = [],
    groups: [PlannedGroup] = [], callees: [ProcedureID: [ProcedureID]] = [:],
    warped: [String] = [], ignored: [String] = [], remarks: [String] = []
  ) {
    self.from = from
    self.to = to
    self.build = build
    self.model = model
    self.procedures = procedures
    self.data = data
    self.maps = maps
    self.groups = groups
    self.callees = callees
    self.warped = warped
    self.ignored = ignored
    self.remarks = remarks
  }

  /// How much room a list of the writes of one stop may take, in bytes, with 24 for each; 0 if it is
  /// a single write within a page.
  package var writeRoom: Int {
    let pages = Set(procedures.compactMap { $0.store.map { $0.slot.rawValue / 4096 } })
    let elements = data.lazy.flatMap(\.elements).reduce(0) { $0 + $1.new.count + 24 }
    guard pages.count > 1 || elements > 0 else { return 0 }
    return elements + pages.count * (4096 + 24)
  }

  /// The plan that takes back what `progress` has done, as an update in the other direction.
  package func reversed(_ progress: UpdateProgress, model old: ProgramModel) -> UpdatePlan {
    var plan = UpdatePlan(from: to, to: from, build: old.binding.buildID, model: model)
    plan.procedures = procedures.filter { progress.updated.contains($0.id) }.map { procedure in
      var back = procedure
      swap(&back.old, &back.new)
      back.store = procedure.store.map { SlotStore(slot: $0.slot, old: $0.new, new: $0.old) }
      back.changedInside = []
      return back
    }
    plan.data = progress.resetData.sorted().map { index in
      var back = data[index]
      back.elements = back.elements.map { .init(address: $0.address, old: $0.new, new: $0.old) }
      return back
    }
    plan.groups = groups.map {
      PlannedGroup(members: $0.members, reason: $0.reason, forbidsResidents: false)
    }
    plan.callees = oldCallees
    plan.callSites = callSites
    return plan
  }
}

/// A procedure whose slot the update changes.
package struct PlannedProcedure: Hashable, Sendable, Codable {
  package var id: ProcedureID
  package var name: String
  /// Index into the model's implementations.
  package var old: Int
  package var new: Int
  /// The store that makes it happen; `nil` when new callers use a new epoch's slot and the old
  /// epoch has no interprocedure.
  package var store: SlotStore?
  /// Procedures that live inside it (inlined, or as clones) and changed: if it turns out to be
  /// resident, they never run.
  package var changedInside: [String]
  /// Procedures that exist only inlined into it: whether the change is theirs cannot always be told,
  /// since the compiler moves their code about.
  package var inlinedHere: [String]
  /// Why it counts as changed, for people.
  package var why: String?

  package init(
    id: ProcedureID, name: String, old: Int, new: Int, store: SlotStore?, changedInside: [String],
    inlinedHere: [String] = [], why: String? = nil
  ) {
    self.id = id
    self.name = name
    self.old = old
    self.new = new
    self.store = store
    self.changedInside = changedInside
    self.inlinedHere = inlinedHere
    self.why = why
  }
}

/// An aligned 8-byte store into the binding table or the text arena.
package struct SlotStore: Hashable, Sendable, Codable {
  package var slot: TraceeAddress
  package var old: UInt64
  package var new: UInt64
  package init(slot: TraceeAddress, old: UInt64, new: UInt64) {
    self.slot = slot
    self.old = old
    self.new = new
  }
}

/// Elements of a datum in shared storage whose initialiser changed.
package struct PlannedDatum: Hashable, Sendable, Codable {
  package var name: String
  package var elements: [Element]
  /// Index into the plan's `groups`, or `nil` if no procedure refers to it.
  package var group: Int?
  /// A `reset` line: takes the new value whatever it holds.
  package var isForced: Bool

  package struct Element: Hashable, Sendable, Codable {
    package var address: TraceeAddress
    package var old: [UInt8]
    package var new: [UInt8]
  }
}

/// A hand-written or generated mprocedure that the update runs.
package struct PlannedMap: Hashable, Sendable, Codable {
  package var name: String
  package var call: MapCall
  /// Index into the plan's `groups`.
  package var group: Int
}

package struct PlannedGroup: Hashable, Sendable, Codable {
  package var members: Set<ProcedureID>
  package var reason: String
  /// Whether a live resident activation of a member makes the update impossible: it would go on
  /// with the old storage or layout for ever.
  package var forbidsResidents: Bool
  package init(members: Set<ProcedureID>, reason: String, forbidsResidents: Bool) {
    self.members = members
    self.reason = reason
    self.forbidsResidents = forbidsResidents
  }
}

/// How far an update is.
package struct UpdateProgress: Hashable, Sendable, Codable {
  package var updated: Set<ProcedureID> = []
  /// By index in the plan's `data`.
  package var resetData: Set<Int> = []
  /// By index in the plan's `maps`.
  package var ranMaps: Set<Int> = []
  /// Procedures left to a resident activation.
  package var resident: Set<ProcedureID> = []

  package init() {}

  /// Takes in that the slots of `procedures` were found to hold their new values.
  ///
  /// A group is committed as one, its maps and data before its slots: where one of its slots is
  /// stored, they are done, and a map that ran must never run again.
  package mutating func note(stored procedures: Set<ProcedureID>, of plan: UpdatePlan) {
    updated.formUnion(procedures)
    func isStored(_ group: Int) -> Bool {
      !plan.groups[group].members.isDisjoint(with: procedures)
    }
    ranMaps.formUnion(plan.maps.indices.filter { isStored(plan.maps[$0].group) })
    resetData.formUnion(
      plan.data.indices.filter { plan.data[$0].group.map(isStored) ?? false })
  }
}
