/// What the debug information of one linked program says, with nothing of DWARF's form left.
package struct DebugInformation: Hashable, Sendable {
  package var units: [Unit]
  package var types: TypeGraph

  package init(units: [Unit], types: TypeGraph) {
    self.units = units
    self.types = types
  }

  /// One compilation unit.
  package struct Unit: Hashable, Sendable {
    /// `DW_AT_name` and `DW_AT_comp_dir`, as recorded.
    package var path: String
    package var directory: String
    /// `DW_AT_producer`.
    package var producer: String
    package var language: Int
    package var procedures: [Procedure]
    package var data: [Datum]
    /// (address, line) pairs of the unit's line table, by rising address; file is not told apart
    /// because only the number is compared.
    package var lines: [LineRow]
    /// Types that belong to no one procedure of the unit: of variables and procedures that it only
    /// declares, and function types that nothing declares (typedefs of casts).
    package var furtherTypes: [TypeID]

    package init(
      path: String, directory: String, producer: String, language: Int, procedures: [Procedure],
      data: [Datum], lines: [LineRow], furtherTypes: [TypeID] = []
    ) {
      self.path = path
      self.directory = directory
      self.producer = producer
      self.language = language
      self.procedures = procedures
      self.data = data
      self.lines = lines
      self.furtherTypes = furtherTypes
    }
  }

  package struct LineRow: Hashable, Sendable, Codable {
    package var address: UInt64
    package var line: Int
    package init(address: UInt64, line: Int) {
      self.address = address
      self.line = line
    }
  }

  /// A procedure that is defined in the unit (a `DW_TAG_subprogram` that is no declaration).
  package struct Procedure: Hashable, Sendable {
    package var name: String
    /// The ELF name where it differs (`__asm__("name")`), else `nil`.
    package var linkageName: String?
    package var isExternal: Bool
    package var prototype: Prototype
    package var declaredAt: SourceLine
    /// Where its own instructions are, as half-open ranges of link addresses, the entry's first;
    /// empty if it was wholly inlined.
    ///
    /// A clone (`.constprop`) is an entry of its own with the same name.
    package var ranges: [Range<UInt64>]
    /// The procedures that were inlined into this one, at any depth.
    package var inlined: [Inlined]
    /// Types that its parameters, locals and casts name (their ids, without duplicates).
    package var mentionedTypes: [TypeID]

    package init(
      name: String, linkageName: String?, isExternal: Bool, prototype: Prototype,
      declaredAt: SourceLine, ranges: [Range<UInt64>], inlined: [Inlined], mentionedTypes: [TypeID]
    ) {
      self.name = name
      self.linkageName = linkageName
      self.isExternal = isExternal
      self.prototype = prototype
      self.declaredAt = declaredAt
      self.ranges = ranges
      self.inlined = inlined
      self.mentionedTypes = mentionedTypes
    }
  }

  /// One inlined call.
  package struct Inlined: Hashable, Sendable, Codable {
    package var name: String
    package var ranges: [Range<UInt64>]
    package init(name: String, ranges: [Range<UInt64>]) {
      self.name = name
      self.ranges = ranges
    }
  }

  /// A variable with static storage.
  package struct Datum: Hashable, Sendable {
    package var name: String
    package var linkageName: String?
    package var isExternal: Bool
    /// The procedure it is local to, else `nil`.
    package var procedure: String?
    /// Which lexical block: the index of each nested `DW_TAG_lexical_block` from the procedure
    /// down; empty at the procedure's top level and at file level.
    package var scope: [Int]
    package var type: TypeID
    package var declaredAt: SourceLine
    package var storage: Storage

    package enum Storage: Hashable, Sendable, Codable {
      case address(UInt64)
      /// From the start of the program's TLS block (`DW_OP_form_tls_address`), in bytes.
      case threadLocal(offset: UInt64)
    }

    package init(
      name: String, linkageName: String?, isExternal: Bool, procedure: String?, scope: [Int],
      type: TypeID, declaredAt: SourceLine, storage: Storage
    ) {
      self.name = name
      self.linkageName = linkageName
      self.isExternal = isExternal
      self.procedure = procedure
      self.scope = scope
      self.type = type
      self.declaredAt = declaredAt
      self.storage = storage
    }
  }
}
