import ByteCoding
import VersionSpace

/// Evaluates the DWARF expressions that unwind information uses (DWARF 5 section 2.5).
///
/// Operators that need more than registers and memory (section 6.4.2 forbids most of them), and the
/// rare ones that no producer of unwind information writes, are not understood.
struct FrameExpression {
  let registers: FrameRegisters

  /// Loops are allowed, endless ones are garbage.
  private static let mostSteps = 1000

  /// Evaluates the block of `bytes`; `initial` is pushed first, as `DW_CFA_expression` asks for.
  ///
  /// - Returns: the top of the stack, or `nil` if anything is not understood, not known or not
  ///   readable.
  func evaluate(
    _ block: UnwindRow.Block, of bytes: [UInt8], initial: UInt64?,
    memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    var stack = ExpressionStack(initial)
    let start = Int(block.offset)
    let end = start + Int(block.byteCount)
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      try reader.seek(to: start)
      for _ in 0..<Self.mostSteps {
        if reader.offset == end { return stack.top }
        guard (start..<end).contains(reader.offset),
          try step(&reader, &stack, memory: memory)
        else { return nil }
      }
    } catch {
      return nil
    }
    return nil
  }

  private func step(
    _ reader: inout ByteReader, _ stack: inout ExpressionStack,
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(ParseFailure) -> Bool {
    let code = try reader.readByte()
    switch code {
    case 0x06: return load(8, &stack, memory: memory)
    case 0x94: return load(Int(try reader.readByte()), &stack, memory: memory)
    case 0x15: return stack.pick(Int(try reader.readByte()))
    case 0x23:
      let addend = try reader.readULEB128()
      return stack.replaceTop { $0 &+ addend }
    case 0x28, 0x2F:
      let distance = Int(try reader.read(Int16.self))
      var isTaken = true
      if code == 0x28 {
        guard let condition = stack.pop() else { return false }
        isTaken = condition != 0
      }
      let place = reader.offset + distance
      guard place >= 0 else { return false }
      if isTaken { try reader.seek(to: place) }
      return true
    case 0x70...0x80:
      let offset = try reader.readSLEB128()
      return push(Int(code - 0x70), plus: offset, &stack)
    case 0x92:
      let register = Int(clamping: try reader.readULEB128())
      return push(register, plus: try reader.readSLEB128(), &stack)
    default:
      guard let constant = try constant(code, &reader) else { return stack.apply(code) }
      stack.push(constant)
      return true
    }
  }

  /// The number that an operator pushes; `nil` for operators that push none.
  private func constant(
    _ code: UInt8, _ reader: inout ByteReader
  ) throws(ParseFailure) -> UInt64? {
    switch code {
    case 0x03, 0x0E, 0x0F: try reader.read()
    case 0x08: UInt64(try reader.readByte())
    case 0x09: UInt64(bitPattern: Int64(try reader.read(Int8.self)))
    case 0x0A: UInt64(try reader.read(UInt16.self))
    case 0x0B: UInt64(bitPattern: Int64(try reader.read(Int16.self)))
    case 0x0C: UInt64(try reader.read(UInt32.self))
    case 0x0D: UInt64(bitPattern: Int64(try reader.read(Int32.self)))
    case 0x10: try reader.readULEB128()
    case 0x11: UInt64(bitPattern: try reader.readSLEB128())
    case 0x30...0x4F: UInt64(code - 0x30)
    default: nil
    }
  }

  private func push(
    _ register: Int, plus offset: Int64, _ stack: inout ExpressionStack
  ) -> Bool {
    guard let value = registers.value(register) else { return false }
    stack.push(value &+ UInt64(bitPattern: offset))
    return true
  }

  /// Replaces an address by the little-endian number of `byteCount` bytes that lies there.
  private func load(
    _ byteCount: Int, _ stack: inout ExpressionStack,
    memory: borrowing some TraceeMemory & ~Copyable
  ) -> Bool {
    guard (1...8).contains(byteCount), let address = stack.pop() else { return false }
    do throws(TraceeFailure) {
      let bytes = try memory.bytes(at: TraceeAddress(rawValue: address), byteCount: byteCount)
      stack.push(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
      return true
    } catch {
      return false
    }
  }
}
