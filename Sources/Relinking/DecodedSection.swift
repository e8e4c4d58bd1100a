import ObjectModel
import X86Code

/// The instructions of a section's code, as far as their operands refer to something.
struct DecodedSection {
  struct Operand {
    /// The offset of the byte after the instruction, from the section's start.
    var end: UInt64
    var isBranch: Bool
    /// The procedure that the instruction belongs to, as a body or as another piece of it.
    var procedure: Int?
  }

  /// An operand whose value the assembler may have computed by itself.
  struct Reference {
    var field: UInt64
    var fieldByteCount: Int
    var end: UInt64
    var target: UInt64
    var isBranch: Bool
    var piece: ProcedureTable.Piece
  }

  /// By the field's offset from the section's start.
  var fields: [UInt64: Operand] = [:]
  var references: [Reference] = []
}

extension Retargeting {
  /// Decodes every piece of code in a section; code that no symbol delimits, as far as it goes.
  ///
  /// - Throws: `.undecodable` for a piece of compiled code.
  func decode(_ id: SectionID, _ section: Section) throws(RewriteFailure) -> DecodedSection {
    var result = DecodedSection()
    let pieces = procedures.pieces(in: id)
    for piece in pieces {
      let end = Int(piece.offset + piece.byteCount)
      let code = Array(section.contents[Int(piece.offset)..<end])
      do throws(DecodingFailure) {
        for instruction in try decoder.instructions(in: code) {
          result.add(instruction, of: piece)
        }
      } catch {
        switch error {
        case .undecodable(let offset): throw .undecodable(procedure: piece.name, atByte: offset)
        }
      }
    }
    if pieces.isEmpty { decodeUnnamed(section, into: &result) }
    return result
  }

  private func decodeUnnamed(_ section: Section, into result: inout DecodedSection) {
    let whole = ProcedureTable.Piece(
      name: section.name, offset: 0, byteCount: UInt64(section.contents.count), procedure: nil)
    do throws(DecodingFailure) {
      for instruction in try decoder.instructions(in: section.contents) {
        result.add(instruction, of: whole)
      }
    } catch {
      return
    }
  }
}

extension DecodedSection {
  mutating func add(_ instruction: Instruction, of piece: ProcedureTable.Piece) {
    let isBranch =
      switch instruction.flow {
      case .call, .jump, .conditionalJump: true
      default: false
      }
    let end = piece.offset + UInt64(instruction.end)
    for field in [instruction.displacement, instruction.immediate] {
      guard let field else { continue }
      let place = piece.offset + UInt64(instruction.offset + field.offset)
      fields[place] = Operand(end: end, isBranch: isBranch, procedure: piece.procedure)
    }
    guard let field = instruction.displacement, isBranch || instruction.isRIPRelative else {
      return
    }
    let target = Int64(end) + field.value
    guard target >= 0 else { return }
    references.append(
      Reference(
        field: piece.offset + UInt64(instruction.offset + field.offset),
        fieldByteCount: field.byteCount, end: end, target: UInt64(target), isBranch: isBranch,
        piece: piece))
  }
}
