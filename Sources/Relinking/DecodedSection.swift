import ObjectModel
import X86Code

/// The instructions of a section's procedures, as far as their operands refer to something.
struct DecodedSection {
  struct Operand {
    /// The offset of the byte after the instruction, from the section's start.
    var end: UInt64
    var isBranch: Bool
    var procedure: Int
  }

  /// An operand whose value the assembler may have computed by itself.
  struct Reference {
    var field: UInt64
    var fieldByteCount: Int
    var end: UInt64
    var target: UInt64
    var isBranch: Bool
    var procedure: Int
  }

  /// By the field's offset from the section's start.
  var fields: [UInt64: Operand] = [:]
  var references: [Reference] = []
}

extension Retargeting {
  func decode(
    _ id: SectionID, _ inSection: [Int], _ object: ObjectFile
  ) throws(RewriteFailure) -> DecodedSection {
    var result = DecodedSection()
    guard !inSection.isEmpty else {
      decodeUnnamed(id, object, into: &result)
      return result
    }
    for number in inSection {
      let procedure = procedures.all[number]
      let end = Int(procedure.offset + procedure.byteCount)
      guard end <= object[id].contents.count else {
        throw .undecodable(procedure: procedure.name, atByte: object[id].contents.count)
      }
      let code = Array(object[id].contents[Int(procedure.offset)..<end])
      let instructions: [Instruction]
      do throws(DecodingFailure) {
        instructions = try decoder.instructions(in: code)
      } catch {
        switch error {
        case .undecodable(let offset): throw .undecodable(procedure: procedure.name, atByte: offset)
        }
      }
      for instruction in instructions {
        result.add(instruction, at: procedure.offset, procedure: number)
      }
    }
    return result
  }

  /// Code without a procedure of its own (`.cold` parts, clones): decoded as far as it goes.
  private func decodeUnnamed(
    _ id: SectionID, _ object: ObjectFile, into result: inout DecodedSection
  ) {
    let owner = procedures.owner(ofSectionNamed: object[id].name) ?? -1
    do throws(DecodingFailure) {
      for instruction in try decoder.instructions(in: object[id].contents) {
        result.add(instruction, at: 0, procedure: owner)
      }
    } catch {
      return
    }
    result.references = []
  }
}

extension DecodedSection {
  mutating func add(_ instruction: Instruction, at start: UInt64, procedure: Int) {
    let isBranch =
      switch instruction.flow {
      case .call, .jump, .conditionalJump: true
      default: false
      }
    let end = start + UInt64(instruction.end)
    for field in [instruction.displacement, instruction.immediate] {
      guard let field else { continue }
      let place = start + UInt64(instruction.offset + field.offset)
      fields[place] = Operand(end: end, isBranch: isBranch, procedure: procedure)
    }
    guard let field = instruction.displacement, isBranch || instruction.isRIPRelative else {
      return
    }
    let target = Int64(end) + field.value
    guard target >= 0 else { return }
    references.append(
      Reference(
        field: start + UInt64(instruction.offset + field.offset), fieldByteCount: field.byteCount,
        end: end, target: UInt64(target), isBranch: isBranch, procedure: procedure))
  }
}
