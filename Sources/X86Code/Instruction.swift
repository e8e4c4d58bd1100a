/// What the passes need to know of one decoded instruction.
package struct Instruction: Hashable, Sendable {
  /// Bytes from the start of the decoded code.
  package var offset: Int
  package var byteCount: Int
  package var flow: Flow
  /// The 32-bit RIP-relative displacement or 8/32-bit branch displacement, if there is one.
  package var displacement: Field?
  /// The immediate operand, if there is one (not a branch displacement).
  package var immediate: Field?
  /// Whether `displacement` addresses memory or forms an address relative to RIP (not a branch).
  package var isRIPRelative: Bool
  /// A number that is equal exactly for instructions with equal mnemonics.
  package var mnemonic: Int

  package init(
    offset: Int, byteCount: Int, flow: Flow, displacement: Field? = nil, immediate: Field? = nil,
    isRIPRelative: Bool = false, mnemonic: Int = 0
  ) {
    self.offset = offset
    self.byteCount = byteCount
    self.flow = flow
    self.displacement = displacement
    self.immediate = immediate
    self.isRIPRelative = isRIPRelative
    self.mnemonic = mnemonic
  }

  /// An encoded number within the instruction.
  package struct Field: Hashable, Sendable {
    /// Bytes from the start of the instruction.
    package var offset: Int
    package var byteCount: Int
    package var value: Int64
    package init(offset: Int, byteCount: Int, value: Int64) {
      self.offset = offset
      self.byteCount = byteCount
      self.value = value
    }
  }

  package enum Flow: Hashable, Sendable {
    case next
    case call, jump, conditionalJump
    case indirectCall, indirectJump
    case `return`
  }

  /// The offset of the byte after the instruction, to which RIP-relative numbers are relative.
  package var end: Int { offset + byteCount }

  /// The offset that a direct branch or RIP-relative operand names, from the start of the code.
  package var target: Int? { displacement.map { end + Int($0.value) } }
}

/// Splits machine code into instructions; `Disassembler` implements it.
package protocol InstructionDecoding: Sendable {
  /// The instructions of `code` in order.
  ///
  /// - Throws: `.undecodable` at the first offset where no instruction starts.
  func instructions(in code: [UInt8]) throws(DecodingFailure) -> [Instruction]

  /// Where each encoded number begins and its instruction ends, by rising offset; the same numbers as
  /// those of `instructions`, without the rest.
  func operandEnds(in code: [UInt8]) throws(DecodingFailure) -> [OperandEnd]
}

/// An encoded number at `field`, in an instruction that ends at `end`; both from the code's start.
package struct OperandEnd: Hashable, Sendable {
  package var field: Int
  package var end: Int
  package init(field: Int, end: Int) {
    self.field = field
    self.end = end
  }
}

extension InstructionDecoding {
  package func operandEnds(in code: [UInt8]) throws(DecodingFailure) -> [OperandEnd] {
    var ends: [OperandEnd] = []
    for instruction in try instructions(in: code) {
      for field in [instruction.displacement, instruction.immediate] {
        guard let field else { continue }
        ends.append(OperandEnd(field: instruction.offset + field.offset, end: instruction.end))
      }
    }
    return ends
  }
}

package enum DecodingFailure: Error, Hashable, Sendable {
  case undecodable(atByte: Int)
}
