import CZydis
package import X86Code

/// Splits x86-64 code into instructions with Zydis.
package struct ZydisDecoder: InstructionDecoding {
  package init() {}

  package func instructions(in code: [UInt8]) throws(DecodingFailure) -> [Instruction] {
    var result: [Instruction] = []
    result.reserveCapacity(code.count / 4)
    try unsafe decode(code) { raw, offset in
      result.append(unsafe Self.instruction(raw, at: offset))
    }
    return result
  }

  package func operandEnds(in code: [UInt8]) throws(DecodingFailure) -> [OperandEnd] {
    var result: [OperandEnd] = []
    result.reserveCapacity(code.count / 8)
    try unsafe decode(code) { raw, offset in
      let end = unsafe offset + Int(raw.length)
      if unsafe raw.raw.disp.size > 0 {
        result.append(unsafe OperandEnd(field: offset + Int(raw.raw.disp.offset), end: end))
      }
      if unsafe raw.raw.imm.0.size > 0 {
        result.append(unsafe OperandEnd(field: offset + Int(raw.raw.imm.0.offset), end: end))
      }
    }
    return result
  }

  @inline(__always)
  private func decode(
    _ code: [UInt8], _ body: (ZydisDecodedInstruction, Int) -> Void
  ) throws(DecodingFailure) {
    var decoder = CZydis.ZydisDecoder()
    unsafe ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)
    var decoded = unsafe ZydisDecodedInstruction()
    var offset = 0
    while offset < code.count {
      let status = unsafe code.withUnsafeBytes { bytes in
        unsafe ZydisDecoderDecodeInstruction(
          &decoder, nil, bytes.baseAddress.unsafelyUnwrapped + offset,
          ZyanUSize(code.count - offset), &decoded)
      }
      guard status & 0x8000_0000 == 0 else { throw .undecodable(atByte: offset) }
      unsafe body(decoded, offset)
      offset += unsafe Int(decoded.length)
    }
  }

  private static func instruction(
    _ raw: ZydisDecodedInstruction, at offset: Int
  ) -> Instruction {
    var instruction = unsafe Instruction(
      offset: offset, byteCount: Int(raw.length), flow: flow(raw),
      mnemonic: Int(raw.mnemonic.rawValue))
    if unsafe raw.raw.disp.size > 0 {
      unsafe instruction.displacement = .init(
        offset: Int(raw.raw.disp.offset), byteCount: Int(raw.raw.disp.size) / 8,
        value: raw.raw.disp.value)
      unsafe instruction.isRIPRelative =
        raw.raw.modrm.mod == 0 && raw.raw.modrm.rm == 5 && raw.raw.sib.offset == 0
    }
    let immediate = unsafe raw.raw.imm.0
    if immediate.size > 0 {
      let field = unsafe Instruction.Field(
        offset: Int(immediate.offset), byteCount: Int(immediate.size) / 8,
        value: immediate.value.s)
      if immediate.is_relative != 0 {
        instruction.displacement = field
      } else {
        instruction.immediate = field
      }
    }
    return instruction
  }

  private static func flow(_ raw: ZydisDecodedInstruction) -> Instruction.Flow {
    let isRelative = unsafe raw.raw.imm.0.is_relative != 0
    switch unsafe raw.meta.category {
    case ZYDIS_CATEGORY_CALL: return isRelative ? .call : .indirectCall
    case ZYDIS_CATEGORY_UNCOND_BR: return isRelative ? .jump : .indirectJump
    case ZYDIS_CATEGORY_COND_BR: return .conditionalJump
    case ZYDIS_CATEGORY_RET: return .return
    default: return .next
    }
  }
}
