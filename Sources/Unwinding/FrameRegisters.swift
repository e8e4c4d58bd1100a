/// The registers of one frame: DWARF numbers 0…15, then the program counter.
///
/// It also says which of them are known: a register that a call may destroy is not known in the
/// caller's frame.
struct FrameRegisters {
  static let programCounter = 16
  /// rbx, rbp, rsp, r12…r15 (psABI figure 3.4) and the program counter.
  private static let preserved: UInt32 =
    1 << 3 | 1 << 6 | 1 << 7 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16

  private var values: [17 of UInt64]
  private var known: UInt32 = 0x1FFFF

  init(_ registers: Registers) {
    values = .init(repeating: 0)
    for index in registers.general.indices { values[index] = registers.general[index] }
    values[Self.programCounter] = registers.instructionPointer
  }

  var programCounter: UInt64 { values[Self.programCounter] }
  var stackPointer: UInt64 { values[Registers.rsp] }

  /// `nil` when the register is not known in this frame, or is none of the seventeen.
  func value(_ register: Int) -> UInt64? {
    guard (0..<17).contains(register), known & (1 << UInt32(register)) != 0 else { return nil }
    return values[register]
  }

  /// Makes a register known by its value, or not known by `nil`.
  mutating func set(_ register: Int, _ value: UInt64?) {
    guard let value else { return known &= ~(1 << UInt32(register)) }
    values[register] = value
    known |= 1 << UInt32(register)
  }

  /// Forgets what a called procedure need not preserve.
  mutating func forgetClobbered() { known &= Self.preserved }
}
