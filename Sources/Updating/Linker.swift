import ByteCoding
import ObjectModel
package import Relinking
package import VersionSpace
package import X86Code

/// Puts procedures and data of one image into the target's arenas: our own static linker.
///
/// Works on a copy of the model; nothing reaches the target until the caller writes `injection`.
package struct Linker<Decoder: InstructionDecoding>: Sendable {
  package let index: ImageIndex
  package let decoder: Decoder
  /// Where each trampoline and datum is for the code that is linked.
  ///
  /// `implementation` of a procedure is valid only where `isPlaced` says so.
  package var binding: Binding
  package var model: ProgramModel
  package var injection = Injection()
  /// The size of the program's TLS block, rounded up to its alignment.
  package var tlsByteCount: UInt64
  /// Addresses of symbols that no prepared unit defines.
  package var foreign: ForeignAddresses
  /// Parts of procedures being placed now, by index in the delta.
  var placedParts: [Int: [TraceeAddress]] = [:]
  var placedLiterals: [PlacedLiteral: TraceeAddress] = [:]

  struct PlacedLiteral: Hashable {
    var unit: Int
    var section: SectionID
  }

  package init(
    index: ImageIndex, decoder: Decoder, binding: Binding, model: ProgramModel,
    tlsByteCount: UInt64, foreign: ForeignAddresses
  ) {
    self.index = index
    self.decoder = decoder
    self.binding = binding
    self.model = model
    self.tlsByteCount = tlsByteCount
    self.foreign = foreign
  }

  /// Links the procedures with these indices in the delta; they may refer to each other's parts.
  package mutating func place(procedures: [Int]) throws(LinkFailure) {
    try reserve(procedures: procedures)
    try fill(procedures: procedures)
  }

  /// Gives procedures their places, so that others and data can refer to their parts.
  mutating func reserve(procedures: [Int]) throws(LinkFailure) {
    for procedure in procedures { try reserve(procedure) }
  }

  /// Writes the code of procedures that have places.
  mutating func fill(procedures: [Int]) throws(LinkFailure) {
    let first = injection.code.count
    for procedure in procedures {
      let described = index.image.delta.procedures[procedure]
      for (number, part) in described.parts.enumerated() {
        guard let address = placedParts[procedure]?[number] else { continue }
        try fill(
          Chunk(
            unit: described.unit, section: part.section, offset: part.offset,
            byteCount: part.byteCount, isCode: true, user: described.name), at: address)
        injection.code.append(
          Injection.PlacedCode(
            unit: described.unit, section: part.section, offset: part.offset,
            byteCount: part.byteCount, address: address))
      }
    }
    try describe(Array(injection.code[first...]))
  }

  /// Where the parts of a procedure that `place` linked lie.
  package func parts(of procedure: Int) -> [Range<UInt64>] {
    let described = index.image.delta.procedures[procedure].parts
    return zip(placedParts[procedure] ?? [], described).map { address, part in
      address.rawValue..<(address.rawValue + part.byteCount)
    }
  }

  private mutating func reserve(_ procedure: Int) throws(LinkFailure) {
    let described = index.image.delta.procedures[procedure]
    var addresses: [TraceeAddress] = []
    for part in described.parts {
      let section = index.image.object(of: described.unit)[part.section]
      let alignment = max(16, min(section.alignment, 4096))
      addresses.append(
        try model.text.allocate(part.byteCount, alignment: alignment, named: .text))
    }
    placedParts[procedure] = addresses
  }

  /// A trampoline and, behind it, the slot it jumps through, both in the text arena.
  ///
  /// `implementation`: what the slot leads to.
  package mutating func placeTrampoline(
    leadingTo implementation: TraceeAddress
  ) throws(LinkFailure) -> (trampoline: TraceeAddress, slot: TraceeAddress) {
    let address = try model.text.allocate(24, alignment: 16, named: .text)
    let slot = TraceeAddress(rawValue: address.rawValue + 16)
    var bytes = Trampoline.code(slotDistance: 16)
    while bytes.count < 16 { bytes.append(0xCC) }
    bytes += implementation.rawValue.littleEndianBytes
    injection.writes.append(Injection.Write(address: address, bytes: bytes))
    try describeJump(at: address, byteCount: 16)
    return (address, slot)
  }

  /// New storage for a datum, with the initial value that this image gives it; for a thread-local
  /// one, its offset in the TLS block.
  package mutating func place(datum: Int) throws(LinkFailure) -> TraceeAddress {
    let described = index.image.delta.data[datum]
    guard !described.isThreadLocal else {
      let section = described.section.map { index.image.object(of: described.unit)[$0] }
      if let section, section.type != .nobits {
        let end = min(section.contents.count, Int(described.offset + described.byteCount))
        guard section.contents[min(Int(described.offset), end)..<end].allSatisfy({ $0 == 0 }) else {
          throw .threadLocalValue(described.name)
        }
      }
      return try model.threadData.allocate(
        max(described.byteCount, 1), alignment: max(8, min(section?.alignment ?? 8, 64)),
        named: .threadLocal)
    }
    guard let id = described.section else {
      return try model.data.allocate(described.byteCount, alignment: 32, named: .data)
    }
    let section = index.image.object(of: described.unit)[id]
    let address = try model.data.allocate(
      max(described.byteCount, 1), alignment: max(8, min(section.alignment, 4096)), named: .data)
    return address
  }

  /// The initial value of a datum with its relocations applied, as it is (or would be) at `address`.
  package mutating func initialValue(
    ofDatum datum: Int, at address: TraceeAddress
  ) throws(LinkFailure) -> [UInt8] {
    let described = index.image.delta.data[datum]
    guard let section = described.section else {
      return [UInt8](repeating: 0, count: Int(described.byteCount))
    }
    return try bytes(
      of: Chunk(
        unit: described.unit, section: section, offset: described.offset,
        byteCount: described.byteCount, isCode: false, user: described.name), at: address)
  }

  /// Writes the initial value of a datum that `place(datum:)` gave storage; all storage of the
  /// image must be known by then.
  package mutating func initialise(datum: Int, at address: TraceeAddress) throws(LinkFailure) {
    // Zero in every thread as it is.
    guard !index.image.delta.data[datum].isThreadLocal else { return }
    let value = try initialValue(ofDatum: datum, at: address)
    injection.writes.append(Injection.Write(address: address, bytes: value))
  }
}

/// Bytes of an embedded object that move together.
struct Chunk {
  var unit: Int
  var section: SectionID
  var offset: UInt64
  var byteCount: UInt64
  var isCode: Bool
  /// For messages: what needs it.
  var user: String
}

/// The code that a procedure's symbol names.
package enum Trampoline {
  /// `endbr64; notrack jmp *distance(%rip)`, where `slotDistance` is from the trampoline's start.
  package static func code(slotDistance: Int) -> [UInt8] {
    [0xF3, 0x0F, 0x1E, 0xFA, 0x3E, 0xFF, 0x25] + Int32(slotDistance - 11).littleEndianBytes
  }
}
