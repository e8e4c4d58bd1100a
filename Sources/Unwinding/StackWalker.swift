package import VersionSpace

/// Walks a stopped thread's stack by its unwind rows; never guesses.
package enum StackWalker {
  /// - Parameters:
  ///   - tid: the thread.
  ///   - registers: its registers.
  ///   - memory: the process's memory, which does not change meanwhile.
  ///   - table: the unwind information of all code.
  ///   - limit: the most frames to follow.
  /// - Returns: the frames found, and whether they are the whole stack.
  package static func walk(
    tid: Int32, registers: Registers, memory: borrowing some TraceeMemory & ~Copyable,
    table: UnwindTable, limit: Int
  ) -> ThreadStack {
    var walk = Walk(registers: registers)
    var frames: [ThreadStack.Frame] = []
    while frames.count < limit {
      switch walk.step(memory: memory, table: table) {
      case .frame(let frame): frames.append(frame)
      case .last(let frame):
        return ThreadStack(tid: tid, frames: frames + [frame], end: .outermost)
      case .stopped(let reason):
        return ThreadStack(
          tid: tid, frames: frames + [walk.unknownFrame],
          end: .notSafe(reason, at: TraceeAddress(rawValue: walk.programCounter)))
      }
    }
    return ThreadStack(
      tid: tid, frames: frames,
      end: .notSafe(.tooDeep, at: TraceeAddress(rawValue: walk.programCounter)))
  }
}

/// The state between two frames.
private struct Walk {
  /// DWARF numbers 0…15, then the program counter.
  var registers: [UInt64]
  var isExact = true
  var lastFrameAddress: UInt64 = 0
  private var window = StackWindow()

  enum Step {
    case frame(ThreadStack.Frame)
    case last(ThreadStack.Frame)
    case stopped(ThreadStack.Reason)
  }

  init(registers: Registers) {
    self.registers = registers.general.indices.map { registers.general[$0] }
    self.registers.append(registers.instructionPointer)
  }

  var programCounter: UInt64 { registers[16] }
  private var lookup: UInt64 { isExact ? programCounter : programCounter &- 1 }

  var unknownFrame: ThreadStack.Frame {
    ThreadStack.Frame(
      programCounter: TraceeAddress(rawValue: programCounter),
      lookupAddress: TraceeAddress(rawValue: lookup),
      canonicalFrameAddress: TraceeAddress(rawValue: registers[7]), returnAddressSlot: nil,
      isSignalFrame: false)
  }

  mutating func step(
    memory: borrowing some TraceeMemory & ~Copyable, table: UnwindTable
  ) -> Step {
    guard let row = table.row(at: lookup) else {
      return .stopped(table.isKnownCode(lookup) ? .noUnwindRow : .unknownCode)
    }
    guard let address = frameAddress(row, memory: memory) else { return .stopped(.unsupportedRule) }
    var frame = ThreadStack.Frame(
      programCounter: TraceeAddress(rawValue: programCounter),
      lookupAddress: TraceeAddress(rawValue: lookup),
      canonicalFrameAddress: TraceeAddress(rawValue: address), returnAddressSlot: nil,
      isSignalFrame: row.isSignalFrame)
    if case .undefined = row.rules[16] { return .last(frame) }
    // A signal frame may lead to another stack; any other caller's frame lies above. A return gate
    // is a frame without a word of its own: one such may follow a frame.
    let isAbove = address > lastFrameAddress || wasSignalFrame
    guard isAbove || (address == lastFrameAddress && !wasEmptyFrame) else {
      return .stopped(.notAdvancing)
    }
    let before = registers
    var after = registers
    after[7] = address
    for register in 0..<17 {
      switch value(row.rules[register], register, address, before, memory: memory) {
      case .keep: continue
      case .value(let value): after[register] = value
      case .stored(let place, let value):
        after[register] = value
        if register == 16, !row.isSignalFrame {
          frame.returnAddressSlot = TraceeAddress(rawValue: place)
        }
      case .unreadable: return .stopped(.unreadableStack)
      case .unsupported: return .stopped(.unsupportedRule)
      }
    }
    guard after[16] != 0 else { return .stopped(.unknownCode) }
    registers = after
    wasEmptyFrame = !isAbove
    lastFrameAddress = address
    wasSignalFrame = row.isSignalFrame
    isExact = row.isSignalFrame
    return .frame(frame)
  }

  private var wasSignalFrame = false
  private var wasEmptyFrame = false

  private mutating func frameAddress(
    _ row: UnwindRow, memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    switch row.canonicalFrameAddress {
    case .register(let register, let offset):
      return registers[register] &+ UInt64(bitPattern: offset)
    case .expression(let code):
      return FrameExpression(registers: registers).evaluate(code, initial: nil, memory: memory)
    case nil: return nil
    }
  }

  private enum Found {
    case keep
    case value(UInt64)
    case stored(at: UInt64, UInt64)
    case unreadable
    case unsupported
  }

  private mutating func value(
    _ rule: UnwindRow.Rule, _ register: Int, _ frame: UInt64, _ before: [UInt64],
    memory: borrowing some TraceeMemory & ~Copyable
  ) -> Found {
    let place: UInt64
    switch rule {
    case .same: return register == 16 ? .unsupported : .keep
    case .undefined: return .keep
    case .valueOffset(let offset): return .value(frame &+ UInt64(bitPattern: offset))
    case .register(let other): return other < 17 ? .value(before[other]) : .unsupported
    case .valueExpression(let code):
      let value = FrameExpression(registers: before).evaluate(code, initial: frame, memory: memory)
      return value.map(Found.value) ?? .unsupported
    case .offset(let offset): place = frame &+ UInt64(bitPattern: offset)
    case .expression(let code):
      guard
        let address = FrameExpression(registers: before).evaluate(
          code, initial: frame, memory: memory)
      else { return .unsupported }
      place = address
    }
    guard let value = window.word(at: place, memory: memory) else { return .unreadable }
    return .stored(at: place, value)
  }
}

/// Pages of the stack that were read already; each is fetched whole, and only when it is needed.
private struct StackWindow {
  private var pages: [UInt64: [UInt8]] = [:]
  private static let pageBytes: UInt64 = 4096

  mutating func word(
    at address: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    var value: UInt64 = 0
    for index in 0..<UInt64(8) {
      let (place, overflow) = address.addingReportingOverflow(index)
      guard !overflow, let page = page(place / Self.pageBytes, memory: memory) else { return nil }
      value |= UInt64(page[Int(place % Self.pageBytes)]) << (8 * index)
    }
    return value
  }

  private mutating func page(
    _ number: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) -> [UInt8]? {
    if let known = pages[number] { return known }
    do throws(TraceeFailure) {
      let bytes = try memory.bytes(
        at: TraceeAddress(rawValue: number &* Self.pageBytes), byteCount: Int(Self.pageBytes))
      pages[number] = bytes
      return bytes
    } catch {
      return nil
    }
  }
}
