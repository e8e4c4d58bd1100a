package import ObjectModel
package import TypeModel
package import VersionSpace

/// What `pupcc` knows of one linked program: its procedures, static data, types, call edges and
/// where the runtime lies (paper section 5: the `.delta` file).
///
/// It is a cache of what the embedded objects and the debug information say; `docs/formats.md`
/// describes its encoding. Indices are into the arrays of the same delta.
package struct Delta: Hashable, Sendable, Codable {
  package static let currentFormat = 2

  package var format: Int
  /// `pupcc` and its version.
  package var producer: String
  package var buildID: BuildID
  package var callMode: CallMode
  package var isPositionIndependent: Bool
  /// The link command as the user gave it.
  package var linkLine: [String]
  package var units: [Unit]
  /// `main` first, then by unit and line.
  package var procedures: [Procedure]
  package var data: [Datum]
  package var types: TypeGraph
  /// The link address of the runtime's descriptor (`struct pup_descriptor`).
  package var descriptor: LinkAddress
  /// What was left alone, and why, one sentence each.
  package var remarks: [String]
  /// Where in the TLS block there is room for thread-local data of later versions.
  package var threadReserve: Range<UInt64>?
  /// What the link made of names; `nil` if nothing.
  package var linkNames: LinkNames?
  /// What `pupcc` did not compile and was linked in, apart from system libraries; `nil` if unknown.
  package var unprepared: [UnpreparedObject]?

  package init(
    format: Int = Delta.currentFormat, producer: String, buildID: BuildID, callMode: CallMode,
    isPositionIndependent: Bool, linkLine: [String], units: [Unit], procedures: [Procedure],
    data: [Datum], types: TypeGraph, descriptor: LinkAddress, remarks: [String]
  ) {
    self.format = format
    self.producer = producer
    self.buildID = buildID
    self.callMode = callMode
    self.isPositionIndependent = isPositionIndependent
    self.linkLine = linkLine
    self.units = units
    self.procedures = procedures
    self.data = data
    self.types = types
    self.descriptor = descriptor
    self.remarks = remarks
  }

  /// The remark on a unit whose object lost its debug information before the link.
  package static let undescribed = "no debug information: its procedures cannot be updated"

  package enum CallMode: String, Hashable, Sendable, Codable { case table, direct }

  /// One compilation unit, which is one embedded object.
  package struct Unit: Hashable, Sendable, Codable {
    /// `DW_AT_name` and `DW_AT_comp_dir`, as recorded.
    package var path: String
    package var directory: String
    /// Which embedded object, in the order in which the linker placed them.
    package var object: Int
    /// The compile date and time as `__DATE__` and `__TIME__` may have spelt them.
    package var compileDate: String
    package var compileTime: String
    /// Where the linker placed each allocated section of the object; missing if it was discarded.
    package var sections: [Placement]

    package struct Placement: Hashable, Sendable, Codable {
      package var section: SectionID
      package var address: LinkAddress
      package init(section: SectionID, address: LinkAddress) {
        self.section = section
        self.address = address
      }
    }

    package init(
      path: String, directory: String, object: Int, compileDate: String, compileTime: String,
      sections: [Placement]
    ) {
      self.path = path
      self.directory = directory
      self.object = object
      self.compileDate = compileDate
      self.compileTime = compileTime
      self.sections = sections
    }
  }

  package struct Procedure: Hashable, Sendable, Codable {
    package var name: String
    /// Index into `units`.
    package var unit: Int
    package var isStatic: Bool
    /// Other symbols with the same start; they share trampoline and slot.
    package var aliases: [String]
    package var declaredAt: SourceLine
    package var prototype: Prototype
    package var trampoline: LinkAddress
    package var slot: LinkAddress
    /// The body first (whose first byte is the entry), then `.cold` parts and clones.
    package var parts: [Part]
    package var calls: [CallEdge]
    /// Procedures inlined into this one, with where (offsets within parts).
    package var inlined: [Inlining]
    /// Whether its address may be kept somewhere: a relocation other than a direct call or jump
    /// refers to it, or it is exported.
    package var isAddressTaken: Bool
    /// Types that its parameters, locals and casts name.
    package var mentionedTypes: [TypeID]
    /// Direct calls to its body, by their 32-bit displacements; `nil` if all go through its slot.
    package var callSites: [LinkAddress]?

    package init(
      name: String, unit: Int, isStatic: Bool, aliases: [String], declaredAt: SourceLine,
      prototype: Prototype, trampoline: LinkAddress, slot: LinkAddress, parts: [Part],
      calls: [CallEdge], inlined: [Inlining], isAddressTaken: Bool, mentionedTypes: [TypeID]
    ) {
      self.name = name
      self.unit = unit
      self.isStatic = isStatic
      self.aliases = aliases
      self.declaredAt = declaredAt
      self.prototype = prototype
      self.trampoline = trampoline
      self.slot = slot
      self.parts = parts
      self.calls = calls
      self.inlined = inlined
      self.isAddressTaken = isAddressTaken
      self.mentionedTypes = mentionedTypes
    }
  }

  /// A run of instructions that belongs to a procedure.
  package struct Part: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable { case body, cold, clone }
    package var kind: Kind
    /// The symbol in the embedded object, for example `turn.isra.0`.
    package var symbol: String
    /// In the unit's embedded object.
    package var section: SectionID
    /// From the start of that section, in bytes.
    package var offset: UInt64
    package var byteCount: UInt64
    package var address: LinkAddress
    /// (offset within the part, line), by rising offset.
    package var lines: [LineRow]

    package struct LineRow: Hashable, Sendable, Codable {
      package var offset: Int
      package var line: Int
      package init(offset: Int, line: Int) {
        self.offset = offset
        self.line = line
      }
    }

    package init(
      kind: Kind, symbol: String, section: SectionID, offset: UInt64, byteCount: UInt64,
      address: LinkAddress, lines: [LineRow]
    ) {
      self.kind = kind
      self.symbol = symbol
      self.section = section
      self.offset = offset
      self.byteCount = byteCount
      self.address = address
      self.lines = lines
    }
  }

  /// One edge of δ: what a procedure may call.
  package struct CallEdge: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
      /// A direct call or jump to the procedure's start.
      case direct
      /// A direct call to a clone of it, bound within the version.
      case clone
      /// A call through a pointer whose type the procedure has.
      case indirect
      /// A library is given the procedure's address and may call it.
      case callback
    }
    /// Index into `procedures`.
    package var callee: Int
    package var kind: Kind
    package init(callee: Int, kind: Kind) {
      self.callee = callee
      self.kind = kind
    }
  }

  package struct Inlining: Hashable, Sendable, Codable {
    package var name: String
    /// Where in the program, as half-open ranges of link addresses.
    package var ranges: [Range<UInt64>]
    package init(name: String, ranges: [Range<UInt64>]) {
      self.name = name
      self.ranges = ranges
    }
  }

  /// A variable with static storage.
  package struct Datum: Hashable, Sendable, Codable {
    package var name: String
    /// Index into `units`.
    package var unit: Int
    /// The procedure it is local to, and the lexical blocks inside it (see `DebugInformation.Datum`).
    package var procedure: String?
    package var scope: [Int]
    package var isStatic: Bool
    package var isThreadLocal: Bool
    package var type: TypeID
    package var declaredAt: SourceLine
    /// In the unit's embedded object; `nil` for a COMMON symbol.
    package var section: SectionID?
    /// From the start of that section, in bytes.
    package var offset: UInt64
    package var byteCount: UInt64
    /// The link address, or the offset in the TLS block of a thread-local one.
    package var address: LinkAddress

    package init(
      name: String, unit: Int, procedure: String?, scope: [Int], isStatic: Bool,
      isThreadLocal: Bool, type: TypeID, declaredAt: SourceLine, section: SectionID?,
      offset: UInt64, byteCount: UInt64, address: LinkAddress
    ) {
      self.name = name
      self.unit = unit
      self.procedure = procedure
      self.scope = scope
      self.isStatic = isStatic
      self.isThreadLocal = isThreadLocal
      self.type = type
      self.declaredAt = declaredAt
      self.section = section
      self.offset = offset
      self.byteCount = byteCount
      self.address = address
    }
  }
}

/// A program as it travels: its delta and the objects that were really used in its link.
package struct ProgramImage: Hashable, Sendable {
  package var delta: Delta
  /// Indexed by `Delta.Unit.object`; rewritten objects without debug sections.
  package var objects: [ObjectFile]

  package init(delta: Delta, objects: [ObjectFile]) {
    self.delta = delta
    self.objects = objects
  }

  package func object(of unit: Int) -> ObjectFile { objects[delta.units[unit].object] }
}
