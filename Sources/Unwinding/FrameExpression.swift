import ByteCoding
import VersionSpace

/// Evaluates the DWARF expressions that unwind information uses (DWARF 5 section 2.5).
struct FrameExpression {
  let registers: FrameRegisters

  /// Evaluates the block of `bytes`; `initial` is pushed first, as `DW_CFA_expression` asks for.
  ///
  /// - Returns: the top of the stack, or `nil` if anything is not understood, not known or not
  ///   readable.
  func evaluate(
    _ block: UnwindRow.Block, of bytes: [UInt8], initial: UInt64?,
    memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    var stack: [UInt64] = initial.map { [$0] } ?? []
    let end = Int(block.offset) + Int(block.byteCount)
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      try reader.seek(to: Int(block.offset))
      while reader.offset < end {
        guard try step(&reader, &stack, memory: memory) else { return nil }
      }
    } catch {
      return nil
    }
    return stack.last
  }

  private func step(
    _ reader: inout ByteReader, _ stack: inout [UInt64],
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(ParseFailure) -> Bool {
    let code = try reader.readByte()
    switch code {
    case 0x03: stack.append(try reader.read())
    case 0x06:
      guard let address = stack.popLast(), let value = read(address, memory) else { return false }
      stack.append(value)
    case 0x08: stack.append(UInt64(try reader.readByte()))
    case 0x09: stack.append(UInt64(bitPattern: Int64(try reader.read(Int8.self))))
    case 0x0A: stack.append(UInt64(try reader.read(UInt16.self)))
    case 0x0B: stack.append(UInt64(bitPattern: Int64(try reader.read(Int16.self))))
    case 0x0C: stack.append(UInt64(try reader.read(UInt32.self)))
    case 0x0D: stack.append(UInt64(bitPattern: Int64(try reader.read(Int32.self))))
    case 0x0E, 0x0F: stack.append(try reader.read())
    case 0x10: stack.append(try reader.readULEB128())
    case 0x11: stack.append(UInt64(bitPattern: try reader.readSLEB128()))
    case 0x12:
      guard let top = stack.last else { return false }
      stack.append(top)
    case 0x13: guard stack.popLast() != nil else { return false }
    case 0x23:
      guard let top = stack.popLast() else { return false }
      stack.append(top &+ (try reader.readULEB128()))
    case 0x30...0x4F: stack.append(UInt64(code - 0x30))
    case 0x70...0x80:
      let offset = try reader.readSLEB128()
      guard let value = registers.value(Int(code - 0x70)) else { return false }
      stack.append(value &+ UInt64(bitPattern: offset))
    default: return binary(code, &stack)
    }
    return true
  }

  private func read(
    _ address: UInt64, _ memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    do throws(TraceeFailure) {
      return try memory.word(at: TraceeAddress(rawValue: address))
    } catch {
      return nil
    }
  }

  private func binary(_ code: UInt8, _ stack: inout [UInt64]) -> Bool {
    guard let right = stack.popLast(), let left = stack.popLast() else { return false }
    let signedLeft = Int64(bitPattern: left)
    let signedRight = Int64(bitPattern: right)
    switch code {
    case 0x1A: stack.append(left & right)
    case 0x1C: stack.append(left &- right)
    case 0x1E: stack.append(left &* right)
    case 0x21: stack.append(left | right)
    case 0x22: stack.append(left &+ right)
    case 0x24: stack.append(right < 64 ? left << right : 0)
    case 0x25: stack.append(right < 64 ? left >> right : 0)
    case 0x27: stack.append(left ^ right)
    case 0x29: stack.append(left == right ? 1 : 0)
    case 0x2A: stack.append(signedLeft >= signedRight ? 1 : 0)
    case 0x2B: stack.append(signedLeft > signedRight ? 1 : 0)
    case 0x2C: stack.append(signedLeft <= signedRight ? 1 : 0)
    case 0x2D: stack.append(signedLeft < signedRight ? 1 : 0)
    case 0x2E: stack.append(left != right ? 1 : 0)
    default: return false
    }
    return true
  }
}
