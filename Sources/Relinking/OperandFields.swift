import X86Code

/// What the operands of a part's instructions do.
struct OperandFields {
  /// Bytes from each displacement, by its offset from the part's start, to its instruction's end.
  private(set) var tails: [Int: Int] = [:]
  /// The displacements of calls and jumps, also of those through a word that a relocation names.
  private(set) var branches: Set<Int> = []
  private(set) var callsOwnStart = false
  /// Whether something is called, or jumped to, that only a register or memory tells.
  private(set) var callsIndirectly = false

  /// - Parameters:
  ///   - code: the part's bytes.
  ///   - instructions: what they are.
  ///   - hasTables: whether the procedure has jump tables.
  ///   - tableFields: displacements that refer to them.
  init(code: [UInt8], instructions: [Instruction], hasTables: Bool, tableFields: Set<Int>) {
    for (place, instruction) in instructions.enumerated() {
      let field = instruction.displacement.map { instruction.offset + $0.offset }
      if let field { tails[field] = instruction.end - field }
      switch instruction.flow {
      case .call, .jump, .conditionalJump:
        if let field { branches.insert(field) }
        if instruction.flow == .call, instruction.target == 0 { callsOwnStart = true }
      case .indirectCall, .indirectJump:
        // `call *foreign@GOTPCREL(%rip)` names its callee by a relocation.
        if instruction.isRIPRelative, let field {
          branches.insert(field)
        } else if instruction.flow == .indirectCall || !hasTables
          || !Self.isTableJump(place, instructions, code, tableFields)
        {
          callsIndirectly = true
        }
      case .next, .return: break
      }
    }
  }

  /// Whether gcc made the jump of a `switch`: an entry of the table was just added to the table's
  /// address, or is, or was just loaded from, a place in the table.
  private static func isTableJump(
    _ place: Int, _ instructions: [Instruction], _ code: [UInt8], _ tableFields: Set<Int>
  ) -> Bool {
    let jump = instructions[place]
    if let field = jump.displacement { return tableFields.contains(jump.offset + field.offset) }
    guard place > 0 else { return false }
    let before = instructions[place - 1]
    if let field = before.displacement, tableFields.contains(before.offset + field.offset) {
      return true
    }
    // `add r64, r64` (REX.W 01 or 03, operand in a register); no C code adds to a function pointer.
    guard before.byteCount == 3 else { return false }
    let bytes = code[before.offset..<before.end]
    return bytes[before.offset] & 0xF8 == 0x48
      && (bytes[before.offset + 1] == 0x01 || bytes[before.offset + 1] == 0x03)
      && bytes[before.offset + 2] >= 0xC0
  }
}
