import ByteCoding
import ObjectModel
import Relinking
import X86Code

/// What the code of one version refers to, relocation by relocation.
struct ProgramReferences: Sendable {
  /// One relocated field of a part.
  struct Site: Hashable, Sendable {
    /// From the start of the part, in bytes.
    var offset: Int
    var type: RelocationType
    var reference: Reference
  }

  struct Part: Hashable, Sendable {
    var sites: [Site]
    /// Where decoding ended, if it did not reach the end.
    var undecodableAt: Int?
  }

  /// By procedure, then by part; like `Delta.Procedure.parts`.
  let parts: [[Part]]

  /// Decodes all code of an image that was checked.
  init(_ index: ImageIndex, decoder: some InstructionDecoding) {
    parts = index.image.delta.procedures.map { procedure in
      procedure.parts.map { Self.read($0, unit: procedure.unit, index, decoder) }
    }
  }

  private static func read(
    _ part: Delta.Part, unit: Int, _ index: ImageIndex, _ decoder: some InstructionDecoding
  ) -> Part {
    let relocations = index.image.relocations(of: part, unit: unit)
    guard !relocations.isEmpty else { return Part(sites: [], undecodableAt: nil) }
    var undecodableAt: Int?
    var tails: OperandTails?
    do throws(DecodingFailure) {
      tails = try OperandTails(code: index.image.code(of: part, unit: unit), decoder: decoder)
    } catch {
      if case .undecodable(let place) = error { undecodableAt = place }
    }
    let sites = relocations.map { relocation in
      let offset = Int(relocation.offset - part.offset)
      let reference = index.reference(
        of: relocation, unit: unit, tail: tails?.tail(at: offset) ?? 4)
      return Site(offset: offset, type: relocation.type, reference: reference)
    }
    return Part(sites: sites, undecodableAt: undecodableAt)
  }
}

extension ProgramImage {
  /// The bytes of a part.
  func code(of part: Delta.Part, unit: Int) -> [UInt8] {
    let start = Int(part.offset)
    return Array(object(of: unit)[part.section].contents[start..<start + Int(part.byteCount)])
  }

  /// The relocations of a part; offsets are still from the start of its section.
  func relocations(of part: Delta.Part, unit: Int) -> ArraySlice<Relocation> {
    object(of: unit)[part.section].relocations
      .within(part.offset..<part.offset + part.byteCount)
  }
}

extension [Relocation] {
  /// Those at offsets in `range`; the array is sorted by offset.
  func within(_ range: Range<UInt64>) -> ArraySlice<Relocation> {
    let start = partitioningIndex { $0.offset >= range.lowerBound }
    return self[start..<partitioningIndex { $0.offset >= range.upperBound }]
  }
}
