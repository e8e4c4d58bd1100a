package import VersionSpace

/// Walks a stopped thread's stack by its unwind rows; never guesses.
package enum StackWalker {
  /// Follows at most `limit` frames.
  ///
  /// - Returns: the frames found, and whether they are the whole stack.
  package static func walk(
    tid: Int32, registers: Registers, memory: borrowing some TraceeMemory & ~Copyable,
    table: UnwindTable, limit: Int
  ) -> ThreadStack {
    var rows = RowMemo(table)
    return walk(
      tid: tid, registers: registers, memory: memory, rows: &rows, window: StackWindow(),
      limit: limit)
  }

  /// The same for one of many threads.
  ///
  /// `rows` is what the walks of the other threads have looked up, and `window` the innermost part of
  /// the stack, if that was read.
  package static func walk(
    tid: Int32, registers: Registers, memory: borrowing some TraceeMemory & ~Copyable,
    rows: inout RowMemo, window: StackWindow, limit: Int
  ) -> ThreadStack {
    var walk = Walk(registers: registers, window: window)
    var frames: [ThreadStack.Frame] = []
    while frames.count < limit {
      switch walk.step(memory: memory, rows: &rows) {
      case .frame(let frame): frames.append(frame)
      case .last(let frame):
        frames.append(frame)
        return ThreadStack(tid: tid, frames: frames, end: .outermost)
      case .stopped(let reason):
        frames.append(walk.frame)
        return ThreadStack(
          tid: tid, frames: frames,
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
  private var registers: FrameRegisters
  private var window: StackWindow
  /// True where the program counter is the instruction that runs next, not one behind a call.
  private var isExact = true
  private var lastFrameAddress: UInt64 = 0
  /// A frame at the last frame's address would be no progress.
  private var mayRepeatAddress = true
  private var signalFrameCount = 0

  /// Signal handlers interrupted by signals, one in the other: more are garbage.
  private static let mostSignalFrames = 64

  enum Step {
    case frame(ThreadStack.Frame)
    case last(ThreadStack.Frame)
    case stopped(ThreadStack.Reason)
  }

  init(registers: Registers, window: StackWindow) {
    self.registers = FrameRegisters(registers)
    self.window = window
  }

  var programCounter: UInt64 { registers.programCounter }
  private var lookup: UInt64 { isExact ? programCounter : programCounter &- 1 }

  /// The frame that the walk has come to, as far as the registers tell.
  var frame: ThreadStack.Frame {
    ThreadStack.Frame(
      programCounter: TraceeAddress(rawValue: programCounter),
      lookupAddress: TraceeAddress(rawValue: lookup),
      canonicalFrameAddress: TraceeAddress(rawValue: registers.stackPointer),
      returnAddressSlot: nil, isSignalFrame: false)
  }

  mutating func step(
    memory: borrowing some TraceeMemory & ~Copyable, rows: inout RowMemo
  ) -> Step {
    let table = rows.table
    guard let row = rows.row(at: lookup) else {
      return .stopped(table.isKnownCode(lookup) ? .noUnwindRow : .unknownCode)
    }
    var frame = frame
    frame.isSignalFrame = row.isSignalFrame
    if case .undefined = row.rules[FrameRegisters.programCounter] {
      if let address = frameAddress(row, table, memory: memory) {
        frame.canonicalFrameAddress = TraceeAddress(rawValue: address)
      }
      return .last(frame)
    }
    guard let address = frameAddress(row, table, memory: memory) else {
      return .stopped(.unsupportedRule)
    }
    var caller = registers
    if !row.isSignalFrame { caller.forgetClobbered() }
    caller.set(Registers.rsp, address)
    for register in 0...FrameRegisters.programCounter {
      let rule = row.rules[register]
      if case .same = rule, register != FrameRegisters.programCounter { continue }
      switch value(rule, address, row, table, memory: memory) {
      case .value(let value): caller.set(register, value)
      case .stopped(let reason): return .stopped(reason)
      }
    }
    guard let stack = caller.value(Registers.rsp),
      let next = caller.value(FrameRegisters.programCounter)
    else { return .stopped(.unsupportedRule) }
    guard advances(row, to: stack) else { return .stopped(.notAdvancing) }
    guard next != 0 else { return .stopped(.unknownCode) }
    frame.canonicalFrameAddress = TraceeAddress(rawValue: stack)
    frame.returnAddressSlot = returnAddressSlot(row, address)
    registers = caller
    isExact = row.isSignalFrame
    return .frame(frame)
  }

  /// Whether a frame whose caller's stack pointer is `address` is above the one before it.
  ///
  /// A signal frame's address is the interrupted stack pointer, which may be on another stack
  /// (sigaltstack(2)). A return gate has no stack of its own: its address is that of the procedure
  /// that returns to it, and its return address is not in the stack but found by an expression.
  private mutating func advances(_ row: UnwindRow, to address: UInt64) -> Bool {
    if row.isSignalFrame {
      signalFrameCount += 1
      guard signalFrameCount <= Self.mostSignalFrames else { return false }
      mayRepeatAddress = true
    } else if address == lastFrameAddress {
      guard mayRepeatAddress, case .expression = row.rules[FrameRegisters.programCounter] else {
        return false
      }
      mayRepeatAddress = false
    } else {
      guard address > lastFrameAddress else { return false }
      mayRepeatAddress = true
    }
    lastFrameAddress = address
    return true
  }

  /// Where a return address that is saved beside the frame lies.
  private func returnAddressSlot(_ row: UnwindRow, _ address: UInt64) -> TraceeAddress? {
    guard !row.isSignalFrame, case .offset(let offset) = row.rules[FrameRegisters.programCounter]
    else { return nil }
    return TraceeAddress(rawValue: address &+ UInt64(bitPattern: offset))
  }

  private func frameAddress(
    _ row: UnwindRow, _ table: UnwindTable, memory: borrowing some TraceeMemory & ~Copyable
  ) -> UInt64? {
    switch row.canonicalFrameAddress {
    case .register(let register, let offset):
      registers.value(register).map { $0 &+ UInt64(bitPattern: offset) }
    case .expression(let block):
      FrameExpression(registers: registers).evaluate(
        block, of: table.expressions(of: row), initial: nil, memory: memory)
    case nil: nil
    }
  }

  private enum Found {
    /// `nil`: the rules say that it is lost.
    case value(UInt64?)
    case stopped(ThreadStack.Reason)
  }

  private mutating func value(
    _ rule: UnwindRow.Rule, _ frame: UInt64, _ row: UnwindRow, _ table: UnwindTable,
    memory: borrowing some TraceeMemory & ~Copyable
  ) -> Found {
    switch rule {
    case .same: return .stopped(.unsupportedRule)
    case .undefined: return .value(nil)
    case .valueOffset(let offset): return .value(frame &+ UInt64(bitPattern: offset))
    case .register(let other): return .value(registers.value(other))
    case .offset(let offset): return stored(at: frame &+ UInt64(bitPattern: offset), memory: memory)
    case .expression(let block), .valueExpression(let block):
      guard
        let value = FrameExpression(registers: registers).evaluate(
          block, of: table.expressions(of: row), initial: frame, memory: memory)
      else { return .stopped(.unsupportedRule) }
      if case .expression = rule { return stored(at: value, memory: memory) }
      return .value(value)
    }
  }

  private mutating func stored(
    at place: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) -> Found {
    window.word(at: place, memory: memory).map { .value($0) } ?? .stopped(.unreadableStack)
  }
}
