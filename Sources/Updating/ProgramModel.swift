package import TypeModel
package import VersionSpace

/// What the pup knows of one running program: the authority that the tables in the target are
/// compared with, and what the journal keeps.
package struct ProgramModel: Hashable, Sendable, Codable {
  package var bias: LoadBias
  package var descriptor: TargetDescriptor
  package var text: Arena
  package var data: Arena
  /// Room in each thread's TLS block, by offset in it; zero in every thread until it is used.
  package var threadData = Arena(range: 0..<0)
  /// Unwind information of injected code, in the order of its rows in the target's index.
  package var unwind: [UnwindBlob] = []
  /// How many rows the linker made; `nil` when the target has no index that we know.
  package var unwindRowBase: Int?
  /// Where mprocedures run, once one was needed.
  package var mapStackTop: TraceeAddress?
  package var mapReturnStub: TraceeAddress?
  /// Indexed by `ProcedureID`.
  @Packed package var procedures: [ProcedureRecord]
  /// Every implementation that is in the target, the ones of the first version too.
  @Packed package var implementations: [Implementation]
  /// What the code of the newest version sees.
  package var binding: Binding
  /// Literal content in the arena, by content; addresses of GOT entries and stubs by symbol.
  package var literals: [ContentKey: TraceeAddress]
  package var imports: [String: TraceeAddress]
  package var stubs: [String: TraceeAddress]
  /// Storage of data that some version had, by identity and type, for when one comes back.
  @PackedStorages package var storages: [StorageKey: TraceeAddress]

  package init(
    bias: LoadBias, descriptor: TargetDescriptor, text: Arena, data: Arena,
    procedures: [ProcedureRecord], implementations: [Implementation], binding: Binding,
    literals: [ContentKey: TraceeAddress], imports: [String: TraceeAddress],
    stubs: [String: TraceeAddress], storages: [StorageKey: TraceeAddress]
  ) {
    self.bias = bias
    self.descriptor = descriptor
    self.text = text
    self.data = data
    self.procedures = procedures
    self.implementations = implementations
    self.binding = binding
    self.literals = literals
    self.imports = imports
    self.stubs = stubs
    self.storages = storages
  }

  package subscript(_ id: ProcedureID) -> ProcedureRecord {
    get { procedures[id.rawValue] }
    set { procedures[id.rawValue] = newValue }
  }

  /// The implementation that calls through the current slot of `id` reach.
  package func current(_ id: ProcedureID) -> Implementation {
    implementations[procedures[id.rawValue].implementation]
  }
}

/// A CIE and an FDE in the data arena, for a run of code in the text arena.
package struct UnwindBlob: Hashable, Sendable, Codable {
  package var address: TraceeAddress
  package var bytes: [UInt8]
  package var code: Range<UInt64>
  package init(address: TraceeAddress, bytes: [UInt8], code: Range<UInt64>) {
    self.address = address
    self.bytes = bytes
    self.code = code
  }
}

/// One procedure over all versions.
package struct ProcedureRecord: Hashable, Sendable, Codable {
  package var id: ProcedureID
  package var name: String
  package var isEntry: Bool
  package var epochs: [Epoch]
  /// The epoch that its newest implementation belongs to: an index into `epochs`.
  package var epoch: Int
  /// Index into `ProgramModel.implementations`.
  package var implementation: Int
  /// The implementation that its slot leads to, if the newest exists only as clones.
  package var reached: Int?

  /// One calling convention of a procedure, with the slot and trampoline that keep it.
  package struct Epoch: Hashable, Sendable, Codable {
    package var convention: CallingConvention
    package var trampoline: TraceeAddress
    package var slot: TraceeAddress
    package init(convention: CallingConvention, trampoline: TraceeAddress, slot: TraceeAddress) {
      self.convention = convention
      self.trampoline = trampoline
      self.slot = slot
    }
  }

  package init(
    id: ProcedureID, name: String, isEntry: Bool, epochs: [Epoch], epoch: Int, implementation: Int
  ) {
    self.id = id
    self.name = name
    self.isEntry = isEntry
    self.epochs = epochs
    self.epoch = epoch
    self.implementation = implementation
  }
}

/// Machine code of one procedure at a place in the target.
package struct Implementation: Hashable, Sendable, Codable {
  package var procedure: ProcedureID
  package var version: VersionNumber
  /// In the order of `Delta.Procedure.parts`: the entry is the first byte of the first.
  package var parts: [Range<UInt64>]
  /// Equal for implementations that do the same; `nil` until it was needed.
  package var key: ContentKey?

  package init(
    procedure: ProcedureID, version: VersionNumber, parts: [Range<UInt64>], key: ContentKey?
  ) {
    self.procedure = procedure
    self.version = version
    self.parts = parts
    self.key = key
  }

  package var entry: TraceeAddress { TraceeAddress(rawValue: parts[0].lowerBound) }
}

/// Where the code of one image finds each procedure and datum of its delta.
package struct Binding: Hashable, Sendable, Codable {
  package var version: VersionNumber
  package var buildID: BuildID
  /// By index in the delta's `procedures`.
  @Packed package var procedures: [Procedure]
  /// By index in the delta's `data`: the address, or the offset in the TLS block.
  @Packed package var data: [UInt64]

  package struct Procedure: Hashable, Sendable, Codable {
    package var id: ProcedureID
    package var trampoline: TraceeAddress
    package var slot: TraceeAddress
    /// Index into `ProgramModel.implementations`.
    package var implementation: Int
    package init(
      id: ProcedureID, trampoline: TraceeAddress, slot: TraceeAddress, implementation: Int
    ) {
      self.id = id
      self.trampoline = trampoline
      self.slot = slot
      self.implementation = implementation
    }
  }

  package init(version: VersionNumber, buildID: BuildID, procedures: [Procedure], data: [UInt64]) {
    self.version = version
    self.buildID = buildID
    self.procedures = procedures
    self.data = data
  }
}

/// A digest of what some content is and refers to (FNV-1a twice, 128 bits).
package struct ContentKey: Hashable, Sendable, Codable {
  package var high: UInt64
  package var low: UInt64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package init(_ bytes: [UInt8]) {
    var first: UInt64 = 0xCBF2_9CE4_8422_2325
    var second: UInt64 = 0x6C62_272E_07BB_0142
    for byte in bytes {
      first = (first ^ UInt64(byte)) &* 0x100_0000_01B3
      second = (second &+ UInt64(byte) &+ 0x9E37_79B9) &* 0xC2B2_AE3D_27D4_EB4F
      second ^= second >> 29
    }
    high = first
    low = second
  }
}

/// Names a datum's storage over versions: its identity and the layout of its type.
package struct StorageKey: Hashable, Sendable, Codable {
  package var identity: String
  package var layout: String
  package init(identity: String, layout: String) {
    self.identity = identity
    self.layout = layout
  }
}
