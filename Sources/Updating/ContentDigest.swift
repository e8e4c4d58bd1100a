import ByteCoding
import ObjectModel
package import Relinking
import VersionSpace
package import X86Code

/// Digests what procedures are and refer to, so that code already in the target is found again
/// when a version returns (design: "content already in the arena is used again").
package struct ContentDigest<Decoder: InstructionDecoding>: Sendable {
  let index: ImageIndex
  let binding: Binding
  let model: ProgramModel
  let decoder: Decoder
  /// Procedures whose implementation is not yet known; what refers into their parts has no key.
  let unplaced: Set<Int>

  /// Content that stands in the digest already, of one unit.
  struct Visited {
    var sections: Set<SectionID> = []
    var data: Set<Int> = []
  }

  package init(
    index: ImageIndex, binding: Binding, model: ProgramModel, decoder: Decoder,
    unplaced: Set<Int> = []
  ) {
    self.index = index
    self.binding = binding
    self.model = model
    self.decoder = decoder
    self.unplaced = unplaced
  }

  /// Equal for two implementations only if either can stand for the other; `nil` when that cannot
  /// be told.
  package func key(ofProcedure procedure: Int) -> ContentKey? {
    let described = index.image.delta.procedures[procedure]
    var writer = ByteWriter()
    var visited = Visited()
    for part in described.parts {
      writer.appendCString("part " + part.kind.rawValue)
      let chunk = Chunk(
        unit: described.unit, section: part.section, offset: part.offset,
        byteCount: part.byteCount, isCode: true, user: described.name)
      guard digest(chunk, of: procedure, into: &writer, visited: &visited) else { return nil }
    }
    return ContentKey(writer.bytes)
  }

  /// Equal for two `const` data with the same content.
  package func key(ofDatum datum: Int) -> ContentKey? {
    let described = index.image.delta.data[datum]
    guard let section = described.section else { return nil }
    var writer = ByteWriter()
    var visited = Visited()
    let chunk = Chunk(
      unit: described.unit, section: section, offset: described.offset,
      byteCount: described.byteCount, isCode: false, user: described.name)
    return digest(chunk, of: nil, into: &writer, visited: &visited) ? ContentKey(writer.bytes) : nil
  }

  private func digest(
    _ chunk: Chunk, of procedure: Int?, into writer: inout ByteWriter,
    visited: inout Visited
  ) -> Bool {
    let section = index.image.object(of: chunk.unit)[chunk.section]
    let end = chunk.offset + chunk.byteCount
    guard end <= UInt64(section.byteCount) else { return false }
    var bytes =
      section.type == .nobits
      ? [UInt8](repeating: 0, count: Int(chunk.byteCount))
      : Array(section.contents[Int(chunk.offset)..<Int(end)])
    let tails: OperandTails?
    do throws(DecodingFailure) {
      tails = try chunk.isCode ? OperandTails(code: bytes, decoder: decoder) : nil
    } catch {
      return false
    }
    for relocation in section.relocations
    where relocation.offset >= chunk.offset && relocation.offset < end {
      let field = Int(relocation.offset - chunk.offset)
      let size = relocation.type.fieldByteCount ?? 0
      for byte in field..<max(field, min(field + size, bytes.count)) { bytes[byte] = 0 }
      writer.append(UInt64(field))
      writer.append(relocation.type.rawValue)
      let reference = index.reference(
        of: relocation, unit: chunk.unit, tail: tails?.tail(at: field) ?? 0)
      guard digest(reference, of: procedure, into: &writer, visited: &visited) else { return false }
    }
    writer.append(UInt64(bytes.count))
    writer.append(contentsOf: bytes)
    return true
  }

  private func digest(
    _ reference: Reference, of procedure: Int?, into writer: inout ByteWriter,
    visited: inout Visited
  ) -> Bool {
    switch reference {
    case .procedure(let callee): writer.append(binding.procedures[callee].trampoline.rawValue)
    case .datum(let datum, let offset) where isLabelTable(datum):
      writer.append(offset)
      return digestLabelTable(datum, of: procedure, into: &writer, visited: &visited)
    case .datum(let datum, let offset):
      writer.append(binding.data[datum] &+ UInt64(bitPattern: offset))
    case .foreign(let name, let offset):
      writer.appendCString(name)
      writer.append(offset)
    case .absolute(let value): writer.append(value)
    case .part(let owner, let part, let offset):
      if owner == procedure {
        writer.append(UInt32(part))
      } else {
        guard !unplaced.contains(owner) else { return false }
        let implementation = model.implementations[binding.procedures[owner].implementation]
        guard implementation.parts.indices.contains(part) else { return false }
        writer.append(implementation.parts[part].lowerBound)
      }
      writer.append(offset)
    case .literal(let unit, let id, let offset):
      return digestLiteral(unit, id, offset, of: procedure, into: &writer, visited: &visited)
    }
    return true
  }

  /// Whether a datum is constant and holds labels: each implementation of their procedure has one of
  /// its own.
  func isLabelTable(_ datum: Int) -> Bool {
    let described = index.image.delta.data[datum]
    guard let id = described.section else { return false }
    return index.image.object(of: described.unit)[id].isConstant && holdsLabels(datum)
  }

  /// Whether a datum is initialised with places inside of procedures, as `&&label` is.
  func holdsLabels(_ datum: Int) -> Bool {
    let described = index.image.delta.data[datum]
    guard let id = described.section else { return false }
    let section = index.image.object(of: described.unit)[id]
    let range = described.offset..<(described.offset + described.byteCount)
    return section.relocations.contains { relocation in
      guard range.contains(relocation.offset) else { return false }
      if case .part = index.reference(of: relocation, unit: described.unit, tail: 0) { return true }
      return false
    }
  }

  private func digestLabelTable(
    _ datum: Int, of procedure: Int?, into writer: inout ByteWriter, visited: inout Visited
  ) -> Bool {
    let described = index.image.delta.data[datum]
    guard let section = described.section else { return false }
    guard visited.data.insert(datum).inserted else { return true }
    return digest(
      Chunk(
        unit: described.unit, section: section, offset: described.offset,
        byteCount: described.byteCount, isCode: false, user: described.name),
      of: procedure, into: &writer, visited: &visited)
  }

  private func digestLiteral(
    _ unit: Int, _ id: SectionID, _ offset: Int64, of procedure: Int?,
    into writer: inout ByteWriter, visited: inout Visited
  ) -> Bool {
    let section = index.image.object(of: unit)[id]
    if section.flags.contains(.mergeable), section.relocations.isEmpty,
      let content = LiteralContent(section: section, offset: offset)
    {
      writer.append(content.distance)
      writer.append(contentsOf: content.bytes)
      return true
    }
    writer.append(offset)
    guard visited.sections.insert(id).inserted else { return true }
    let chunk = Chunk(
      unit: unit, section: id, offset: 0, byteCount: UInt64(section.byteCount), isCode: false,
      user: section.name)
    return digest(chunk, of: procedure, into: &writer, visited: &visited)
  }
}
