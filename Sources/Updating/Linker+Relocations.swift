import ByteCoding
import ObjectModel
import Relinking
import VersionSpace
import X86Code

extension Linker {
  /// Writes a chunk to `address`.
  mutating func fill(_ chunk: Chunk, at address: TraceeAddress) throws(LinkFailure) {
    let bytes = try bytes(of: chunk, at: address)
    injection.writes.append(Injection.Write(address: address, bytes: bytes))
  }

  /// A chunk's bytes with its relocations applied for a place at `address`.
  mutating func bytes(
    of chunk: Chunk, at address: TraceeAddress
  ) throws(LinkFailure) -> [UInt8] {
    let section = index.image.object(of: chunk.unit)[chunk.section]
    let end = chunk.offset + chunk.byteCount
    guard end <= UInt64(section.byteCount) else {
      throw .malformed("\(chunk.user): outside of \(section.name)")
    }
    guard section.type != .nobits else {
      return [UInt8](repeating: 0, count: Int(chunk.byteCount))
    }
    var bytes = Array(section.contents[Int(chunk.offset)..<Int(end)])
    let tails = try chunk.isCode ? operandTails(bytes, chunk.user) : nil
    var callsNoMore: Set<Int> = []
    for relocation in section.relocations
    where relocation.offset >= chunk.offset && relocation.offset < end {
      let field = Int(relocation.offset - chunk.offset)
      if callsNoMore.contains(field) { continue }
      let tail = tails?.tail(at: field) ?? 0
      if let relaxed = ThreadLocalRelaxation(relocation.type, field: field, in: bytes) {
        try apply(relaxed, relocation, chunk, tail, &bytes)
        if let call = relaxed.callField { callsNoMore.insert(call) }
        continue
      }
      guard let size = relocation.type.fieldByteCount, field + size <= bytes.count else {
        throw unsupported(relocation, chunk)
      }
      if size == 0 { continue }
      let value = try value(
        of: relocation, in: chunk, place: address.rawValue + UInt64(field), tail: tail)
      for byte in 0..<size { bytes[field + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
    return bytes
  }

  private func apply(
    _ relaxed: ThreadLocalRelaxation, _ relocation: Relocation, _ chunk: Chunk, _ tail: Int,
    _ bytes: inout [UInt8]
  ) throws(LinkFailure) {
    bytes.replaceSubrange(
      relaxed.start..<(relaxed.start + relaxed.bytes.count), with: relaxed.bytes)
    guard let field = relaxed.offsetField else { return }
    let reference = index.reference(of: relocation, unit: chunk.unit, tail: tail)
    let offset = try fit(
      try threadOffset(reference, relocation, chunk), 4, relocation, chunk)
    for byte in 0..<4 { bytes[field + byte] = UInt8(truncatingIfNeeded: offset >> (8 * byte)) }
  }

  private func operandTails(_ code: [UInt8], _ user: String) throws(LinkFailure) -> OperandTails {
    do throws(DecodingFailure) {
      return try OperandTails(code: code, decoder: decoder)
    } catch {
      switch error {
      case .undecodable(let offset): throw .undecodable(procedure: user, atByte: offset)
      }
    }
  }

  private func symbolName(_ relocation: Relocation, _ chunk: Chunk) -> String {
    guard let id = relocation.symbol else { return "" }
    let object = index.image.object(of: chunk.unit)
    let symbol = object[id]
    if case .section(let section) = symbol.place, symbol.name.isEmpty {
      return object[section].name
    }
    return symbol.name
  }

  private func isWeak(_ relocation: Relocation, _ chunk: Chunk) -> Bool {
    guard let id = relocation.symbol else { return false }
    return index.image.object(of: chunk.unit)[id].binding == .weak
  }

  private func unsupported(_ relocation: Relocation, _ chunk: Chunk) -> LinkFailure {
    .unsupportedRelocation(
      type: relocation.type.description, symbol: symbolName(relocation, chunk), by: chunk.user)
  }

  /// The number that goes into the field (x86-64 psABI table 4.9).
  private mutating func value(
    of relocation: Relocation, in chunk: Chunk, place: UInt64, tail: Int
  ) throws(LinkFailure) -> Int64 {
    let reference = index.reference(of: relocation, unit: chunk.unit, tail: tail)
    let next = place &+ UInt64(tail)
    switch relocation.type {
    // In code, the base that they count from was relaxed to the thread pointer.
    case .tpOffset32, .tpOffset64, .dtpOffset32:
      return try threadOffset(reference, relocation, chunk)
    case .gotTPOffset:
      let offset = try threadOffset(reference, relocation, chunk)
      let entry = try globalOffsetEntry(holding: UInt64(bitPattern: offset))
      return try fit(Int64(bitPattern: entry.rawValue &- next), 4, relocation, chunk)
    case .gotPCRelative, .gotPCRelativeRelaxable, .gotPCRelativeRelaxableREX:
      let target = try target(of: reference, relocation, chunk, mayBeFar: true)
      let entry = try globalOffsetEntry(holding: target)
      return try fit(Int64(bitPattern: entry.rawValue &- next), 4, relocation, chunk)
    case .pc32, .plt32, .pc64:
      let target = try target(of: reference, relocation, chunk, mayBeFar: false)
      let size = relocation.type == .pc64 ? 8 : 4
      return try fit(Int64(bitPattern: target &- next), size, relocation, chunk)
    case .absolute64:
      return Int64(bitPattern: try target(of: reference, relocation, chunk, mayBeFar: true))
    case .absolute32:
      let target = try target(of: reference, relocation, chunk, mayBeFar: false)
      guard target <= UInt64(UInt32.max) else {
        throw .outOfReach(symbol: symbolName(relocation, chunk), by: chunk.user)
      }
      return Int64(bitPattern: target)
    case .absolute32Signed:
      let target = try target(of: reference, relocation, chunk, mayBeFar: false)
      return try fit(Int64(bitPattern: target), 4, relocation, chunk)
    default: throw unsupported(relocation, chunk)
    }
  }

  private func fit(
    _ value: Int64, _ size: Int, _ relocation: Relocation, _ chunk: Chunk
  ) throws(LinkFailure) -> Int64 {
    guard size == 8 || Int32(exactly: value) != nil else {
      throw .outOfReach(symbol: symbolName(relocation, chunk), by: chunk.user)
    }
    return value
  }

  private func threadOffset(
    _ reference: Reference, _ relocation: Relocation, _ chunk: Chunk
  ) throws(LinkFailure) -> Int64 {
    guard case .datum(let datum, let offset) = reference,
      index.image.delta.data[datum].isThreadLocal
    else { throw .threadLocal(symbol: symbolName(relocation, chunk), by: chunk.user) }
    return Int64(bitPattern: binding.data[datum]) + offset - Int64(tlsByteCount)
  }

  /// The address that a reference denotes.
  ///
  /// `mayBeFar`: whether the field can hold any address; otherwise a foreign procedure is
  /// reached through a stub in the arena.
  private mutating func target(
    of reference: Reference, _ relocation: Relocation, _ chunk: Chunk, mayBeFar: Bool
  ) throws(LinkFailure) -> UInt64 {
    switch reference {
    case .procedure(let procedure): return binding.procedures[procedure].trampoline.rawValue
    case .part(let procedure, let part, let offset):
      return UInt64(bitPattern: Int64(bitPattern: try partAddress(procedure, part)) + offset)
    case .datum(let datum, let offset):
      return UInt64(bitPattern: Int64(bitPattern: binding.data[datum]) + offset)
    case .literal(let unit, let section, let offset):
      let address = try literal(unit: unit, section: section, offset: offset, chunk)
      return address.rawValue
    case .absolute(let value): return value
    case .foreign(let name, let offset):
      guard let address = foreign.addresses[name] else {
        guard !foreign.unresolvedIndirect.contains(name) else {
          throw .unresolvedIndirect(symbol: name, by: chunk.user)
        }
        // What is weak and nowhere defined is at 0 (gABI "Symbol Table", STB_WEAK).
        guard isWeak(relocation, chunk) else {
          throw .unresolved(symbol: name, by: chunk.user)
        }
        return mayBeFar ? 0 : try stub(for: name, at: TraceeAddress(rawValue: 0)).rawValue
      }
      let target = address.rawValue &+ UInt64(bitPattern: offset)
      return mayBeFar || isNear(target) ? target : try stub(for: name, at: address).rawValue
    }
  }

  func isNear(_ address: UInt64) -> Bool {
    let reach: UInt64 = 0x7000_0000
    let arena = model.text.range.lowerBound
    return address > arena ? address - arena < reach : arena - address < reach
  }

  private func partAddress(_ procedure: Int, _ part: Int) throws(LinkFailure) -> UInt64 {
    if let placed = placedParts[procedure] { return placed[part].rawValue }
    let bound = binding.procedures[procedure]
    guard model.implementations.indices.contains(bound.implementation),
      model.implementations[bound.implementation].parts.indices.contains(part)
    else { throw .malformed(index.image.delta.procedures[procedure].name) }
    return model.implementations[bound.implementation].parts[part].lowerBound
  }

  /// An 8-byte word in the data arena that holds `value`.
  mutating func globalOffsetEntry(holding value: UInt64) throws(LinkFailure)
    -> TraceeAddress
  {
    let name = "got " + String(value, radix: 16)
    if let known = model.imports[name] { return known }
    let address = try model.data.allocate(8, alignment: 8, named: .data)
    injection.writes.append(Injection.Write(address: address, bytes: value.littleEndianBytes))
    model.imports[name] = address
    return address
  }

  /// `endbr64; notrack jmp *entry(%rip)` for a procedure that is out of a call's reach.
  mutating func stub(
    for name: String, at target: TraceeAddress
  ) throws(LinkFailure) -> TraceeAddress {
    if let known = model.stubs[name] { return known }
    let entry = try globalOffsetEntry(holding: target.rawValue)
    let address = try model.text.allocate(16, alignment: 16, named: .text)
    let distance = Int64(bitPattern: entry.rawValue &- address.rawValue)
    injection.writes.append(
      Injection.Write(address: address, bytes: Trampoline.code(slotDistance: Int(distance))))
    model.stubs[name] = address
    try describeJump(at: address, byteCount: 16)
    return address
  }
}
