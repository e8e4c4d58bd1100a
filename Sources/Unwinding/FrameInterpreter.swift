import ByteCoding

/// Runs call frame instructions up to an address (DWARF 5 section 6.4.2).
struct FrameInterpreter {
  let module: UnwindModule
  let entry: FrameIndex.Entry

  private struct State {
    var row = UnwindRow()
    var initial = UnwindRow()
    var saved: [UnwindRow] = []
    var address: UInt64
  }

  init(module: UnwindModule, entry: FrameIndex.Entry) {
    self.module = module
    self.entry = entry
  }

  /// The row that holds at `address`; `nil` when an instruction is not known or makes no sense.
  func row(at address: UInt64) -> UnwindRow? {
    guard entry.common.returnColumn == 16 else { return nil }
    var state = State(address: entry.start)
    do throws(ParseFailure) {
      try run(entry.common.instructions, &state, until: .max)
      state.initial = state.row
      state.address = entry.start
      try run(entry.instructions, &state, until: address)
    } catch {
      return nil
    }
    state.row.isSignalFrame = entry.common.isSignalFrame
    return state.row
  }

  private func run(
    _ range: Range<Int>, _ state: inout State, until limit: UInt64
  ) throws(ParseFailure) {
    var reader = ByteReader(module.ehFrame.span)
    try reader.seek(to: range.lowerBound)
    while reader.offset < range.upperBound {
      let code: UInt8 = try reader.read()
      let low = Int(code & 0x3F)
      switch code & 0xC0 {
      case 0x40:
        state.address &+= UInt64(low) &* entry.common.codeAlignment
        if state.address > limit { return }
      case 0x80:
        let offset = Int64(bitPattern: try reader.readULEB128()) &* entry.common.dataAlignment
        try set(low, .offset(offset), &state)
      case 0xC0: try set(low, low < 17 ? state.initial.rules[low] : .same, &state)
      default:
        guard try extended(code, &reader, &state, until: limit) else { return }
      }
    }
  }

  /// False when the address that was asked for has been passed.
  private func extended(
    _ code: UInt8, _ reader: inout ByteReader, _ state: inout State, until limit: UInt64
  ) throws(ParseFailure) -> Bool {
    switch code {
    case 0x00: break
    case 0x01: throw .numberTooLarge(atByte: reader.offset)
    case 0x02: state.address &+= UInt64(try reader.read(UInt8.self)) &* entry.common.codeAlignment
    case 0x03: state.address &+= UInt64(try reader.read(UInt16.self)) &* entry.common.codeAlignment
    case 0x04: state.address &+= UInt64(try reader.read(UInt32.self)) &* entry.common.codeAlignment
    case 0x0A: state.saved.append(state.row)
    case 0x0B:
      guard let row = state.saved.popLast() else { throw .truncated(atByte: reader.offset, needed: 1) }
      state.row = row
    case 0x0C...0x0F, 0x12, 0x13: try defineFrameAddress(code, &reader, &state)
    case 0x2E: _ = try reader.readULEB128()
    default: try registerRule(code, &reader, &state)
    }
    return state.address <= limit
  }

  private func defineFrameAddress(
    _ code: UInt8, _ reader: inout ByteReader, _ state: inout State
  ) throws(ParseFailure) {
    var register = 7
    var offset: Int64 = 0
    if case .register(let known, let distance) = state.row.canonicalFrameAddress {
      register = known
      offset = distance
    }
    switch code {
    case 0x0C:
      register = Int(clamping: try reader.readULEB128())
      offset = Int64(bitPattern: try reader.readULEB128())
    case 0x0D: register = Int(clamping: try reader.readULEB128())
    case 0x0E: offset = Int64(bitPattern: try reader.readULEB128())
    case 0x12:
      register = Int(clamping: try reader.readULEB128())
      offset = try reader.readSLEB128() &* entry.common.dataAlignment
    case 0x13: offset = try reader.readSLEB128() &* entry.common.dataAlignment
    default:
      state.row.canonicalFrameAddress = .expression(try block(&reader))
      return
    }
    guard register < 17 else { throw .truncated(atByte: reader.offset, needed: register) }
    state.row.canonicalFrameAddress = .register(register, offset: offset)
  }

  private func registerRule(
    _ code: UInt8, _ reader: inout ByteReader, _ state: inout State
  ) throws(ParseFailure) {
    let register = Int(clamping: try reader.readULEB128())
    let alignment = entry.common.dataAlignment
    let rule: UnwindRow.Rule
    switch code {
    case 0x05: rule = .offset(Int64(bitPattern: try reader.readULEB128()) &* alignment)
    case 0x06: rule = register < 17 ? state.initial.rules[register] : .same
    case 0x07: rule = .undefined
    case 0x08: rule = .same
    case 0x09: rule = .register(Int(clamping: try reader.readULEB128()))
    case 0x10: rule = .expression(try block(&reader))
    case 0x11: rule = .offset(try reader.readSLEB128() &* alignment)
    case 0x14: rule = .valueOffset(Int64(bitPattern: try reader.readULEB128()) &* alignment)
    case 0x15: rule = .valueOffset(try reader.readSLEB128() &* alignment)
    case 0x16: rule = .valueExpression(try block(&reader))
    default: throw .truncated(atByte: reader.offset, needed: Int(code))
    }
    try set(register, rule, &state)
  }

  private func block(_ reader: inout ByteReader) throws(ParseFailure) -> [UInt8] {
    try reader.readBytes(Int(clamping: try reader.readULEB128()))
  }

  private func set(
    _ register: Int, _ rule: UnwindRow.Rule, _ state: inout State
  ) throws(ParseFailure) {
    // Vector and other registers are of no use for walking.
    if register < 17 { state.row.rules[register] = rule }
  }
}
