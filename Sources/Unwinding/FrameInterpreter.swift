import ByteCoding

/// Runs call frame instructions up to an address (DWARF 5 section 6.4.2).
struct FrameInterpreter {
  let module: UnwindModule
  let entry: FrameEntry
  let common: CommonEntry

  /// More remembered rows than this are garbage.
  private static let deepest = 64

  private struct State {
    var row = UnwindRow()
    var initial = UnwindRow()
    var saved: [UnwindRow] = []
    var address: UInt64
  }

  /// The row that holds at `address`; `nil` when an instruction is not known or makes no sense.
  func row(at address: UInt64) -> UnwindRow? {
    var state = State(address: entry.start)
    do throws(ParseFailure) {
      try run(common.instructions, &state, until: .max)
      state.initial = state.row
      state.address = entry.start
      state.saved.removeAll()
      try run(entry.instructions, &state, until: address)
    } catch {
      return nil
    }
    state.row.isSignalFrame = common.isSignalFrame
    state.row.module = common.module
    return state.row
  }

  private func run(
    _ range: Range<UInt32>, _ state: inout State, until limit: UInt64
  ) throws(ParseFailure) {
    var reader = ByteReader(module.ehFrame.span)
    try reader.seek(to: Int(range.lowerBound))
    while reader.offset < Int(range.upperBound) {
      let code = try reader.readByte()
      let low = Int(code & 0x3F)
      switch code & 0xC0 {
      case 0x40:
        state.address &+= UInt64(low) &* common.codeAlignment
        if state.address > limit { return }
      case 0x80:
        let offset = Int64(bitPattern: try reader.readULEB128()) &* common.dataAlignment
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
    case 0x01: state.address = try reader.readPointer(common.pointerEncoding, in: module)
    case 0x02: state.address &+= UInt64(try reader.readByte()) &* common.codeAlignment
    case 0x03: state.address &+= UInt64(try reader.read(UInt16.self)) &* common.codeAlignment
    case 0x04: state.address &+= UInt64(try reader.read(UInt32.self)) &* common.codeAlignment
    case 0x0A:
      guard state.saved.count < Self.deepest else { throw .numberTooLarge(atByte: reader.offset) }
      state.saved.append(state.row)
    case 0x0B:
      guard let row = state.saved.popLast() else {
        throw .truncated(atByte: reader.offset, needed: 1)
      }
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
      offset = try reader.readSLEB128() &* common.dataAlignment
    case 0x13: offset = try reader.readSLEB128() &* common.dataAlignment
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
    let alignment = common.dataAlignment
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
    case 0x2F: rule = .offset(0 &- Int64(bitPattern: try reader.readULEB128()) &* alignment)
    default: throw .truncated(atByte: reader.offset, needed: Int(code))
    }
    try set(register, rule, &state)
  }

  private func block(_ reader: inout ByteReader) throws(ParseFailure) -> UnwindRow.Block {
    let byteCount = Int(clamping: try reader.readULEB128())
    let offset = reader.offset
    try reader.skip(byteCount)
    return UnwindRow.Block(offset: UInt32(offset), byteCount: UInt32(byteCount))
  }

  private func set(
    _ register: Int, _ rule: UnwindRow.Rule, _ state: inout State
  ) throws(ParseFailure) {
    // Vector and other registers are of no use for walking.
    if register < 17 { state.row.rules[register] = rule }
  }
}
