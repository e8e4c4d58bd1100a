package import TypeModel

/// How one version of a program differs from another (design: "A new version").
///
/// Made from two `ProgramImage`s alone; says nothing of a running process. `old` and `new` are
/// indices into `procedures` or `data` of the two deltas.
package struct Changes: Hashable, Sendable {
  /// Every procedure of either version, once.
  package var procedures: [ProcedureChange]
  /// Every datum of either version, once.
  package var data: [DatumChange]
  /// Sets of procedures that must be updated in one stop.
  package var groups: [Group]
  /// Why the update may not be done at all; empty when it may.
  package var refusals: [Refusal]
  /// Differences that are noise (line numbers, compile date, path), by procedure, or by datum for
  /// constant data.
  package var ignored: [String]
  /// Constructors and destructors that the new version adds, as `constructor NAME`: the program has
  /// begun already, and its end was arranged then.
  package var notRun: [String] = []

  package init(
    procedures: [ProcedureChange], data: [DatumChange], groups: [Group], refusals: [Refusal],
    ignored: [String]
  ) {
    self.procedures = procedures
    self.data = data
    self.groups = groups
    self.refusals = refusals
    self.ignored = ignored
  }

  package var changedProcedures: [ProcedureChange] { procedures.filter(\.isUpdated) }
}

package struct ProcedureChange: Hashable, Sendable {
  package var old: Int?
  package var new: Int?
  /// `name`, or `file.c:name` where the name alone is not unique in either version.
  package var name: String
  package var status: Status
  /// Whether the calling convention differs, so that the procedure enters a new epoch.
  package var beginsEpoch: Bool
  /// The procedures that were inlined into it, or that it calls as a clone, and that differ there.
  ///
  /// Only for a changed one. If it is resident, these are out of reach.
  package var inlinedChanges: [String] = []
  /// Whether a changed one's own code differs too, apart from what was inlined or cloned.
  package var changedOutsideInlined = false
  /// Why an activation of the old version must not go on beside the new one.
  package var touches: [Touch] = []
  /// Whether a `resident` line names it.
  package var isDeclaredResident = false

  /// State that the update moves or re-lays and that the procedure's old code uses.
  package enum Touch: Hashable, Sendable {
    /// A datum, not `const`, whose storage moves.
    case datum(String)
    /// A struct or union, by tag, whose layout changes.
    case structure(String)
  }

  package enum Status: Hashable, Sendable {
    case same
    /// Present in both and different, for these reasons.
    case changed([Reason])
    case added
    /// Its old body stays for as long as old code can call it.
    case removed
  }

  package enum Reason: Hashable, Sendable {
    case instructions
    /// Equal bytes, but it refers to this datum, whose storage moves.
    case datumMoved(String)
    /// Equal bytes, but it calls or names this procedure, whose epoch changes.
    case epochOf(String)
    /// Equal bytes, but it calls a clone of this procedure, or the clone set differs.
    case clone(String)
    case literal(String)
    /// A `changed` line names it.
    case declared
  }

  package init(old: Int?, new: Int?, name: String, status: Status, beginsEpoch: Bool = false) {
    self.old = old
    self.new = new
    self.name = name
    self.status = status
    self.beginsEpoch = beginsEpoch
  }

  /// Whether the update replaces its body.
  package var isUpdated: Bool {
    switch status {
    case .changed: true
    case .same, .added, .removed: false
    }
  }
}

package struct DatumChange: Hashable, Sendable {
  package var old: Int?
  package var new: Int?
  /// As short as is unique: `d`, `file.c:d`, `file.c:p.d`.
  package var name: String
  package var action: Action

  package enum Action: Hashable, Sendable {
    /// One storage, for both versions; nothing to do.
    case share
    /// Storage is shared; where an element still holds its old initial value it takes the new one.
    /// Untouched ranges are decided when the update commits.
    case reinitialise([Element])
    /// New storage with the new version's initial value: a new datum, or changed `const` content.
    case create
    /// New storage that an mprocedure fills from the old.
    case map(by: String)
    /// No longer there; its storage stays while old code can run.
    case remove
  }

  /// A scalar element whose initialiser changed; offset and size in bytes from the datum's start.
  package struct Element: Hashable, Sendable {
    package var offset: UInt64
    package var oldBytes: [UInt8]
    package var newBytes: [UInt8]
    /// Whether either object relocates the element (a pointer): its values are then what those
    /// relocations give, and the bytes here are only what lies under them.
    package var isRelocated: Bool
    /// Whether it takes the new value whatever it holds (`reset D`).
    package var isForced: Bool

    package init(
      offset: UInt64, oldBytes: [UInt8], newBytes: [UInt8], isRelocated: Bool = false,
      isForced: Bool = false
    ) {
      self.offset = offset
      self.oldBytes = oldBytes
      self.newBytes = newBytes
      self.isRelocated = isRelocated
      self.isForced = isForced
    }
  }

  package init(old: Int?, new: Int?, name: String, action: Action) {
    self.old = old
    self.new = new
    self.name = name
    self.action = action
  }

  /// Whether a datum that both versions have gets new storage.
  package var isMoved: Bool {
    guard old != nil, new != nil else { return false }
    switch action {
    case .create, .map: return true
    case .share, .reinitialise, .remove: return false
    }
  }
}

/// Procedures (indices into `Changes.procedures`) that change in one stop, and why.
package struct Group: Hashable, Sendable {
  package var members: [Int]
  package var reason: Reason
  /// Whether a live resident activation of an old member must not go on beside the new version:
  /// it would use old storage, an old layout or an old convention for ever.
  package var forbidsResidents: Bool
  package enum Reason: Hashable, Sendable {
    case datum(String)
    case structure(String)
    case epoch(String)
    case together(line: Int)
  }
  package init(members: [Int], reason: Reason, forbidsResidents: Bool = false) {
    self.members = members
    self.reason = reason
    self.forbidsResidents = forbidsResidents
  }

  /// Hard groups hold even with `--no-groups`.
  package var isHard: Bool {
    switch reason {
    case .datum, .structure, .epoch: true
    case .together: false
    }
  }
}

/// Why an update cannot be made, with the name, the type and the place of what stands in the way.
package enum Refusal: Hashable, Sendable {
  /// The type of static data changed and no mprocedure maps it.
  case datumNeedsMap(name: String, oldType: String, newType: String, at: SourceLine)
  /// The layout of a struct changed of which objects may exist outside static data.
  case structureNeedsMap(tag: String, at: SourceLine?)
  /// The epoch of a procedure changed whose address may be stored, and nothing re-points it.
  case storedAddress(procedure: String, at: SourceLine)
  /// A thread-local datum whose type or initial value changed.
  case threadLocal(name: String, at: SourceLine)
  /// A static pointer is initialised with the address of moved data.
  case pointerToMoved(datum: String, pointsTo: String, at: SourceLine)
  /// Anything that the engine cannot handle in this object.
  case unsupported(what: String, unit: String)
}
