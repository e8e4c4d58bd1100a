import ByteCoding
package import Unwinding
package import VersionSpace

/// A return address in a thread's stack that leads to one of the runtime's gates (design: "The
/// return gate").
package struct Gate: Hashable, Sendable, Codable {
  /// Which of the runtime's gates.
  package var index: Int
  package var tid: Int32
  /// The stack word that was replaced.
  package var stackSlot: TraceeAddress
  package var returnAddress: UInt64
  package var procedure: ProcedureID

  package init(
    index: Int, tid: Int32, stackSlot: TraceeAddress, returnAddress: UInt64, procedure: ProcedureID
  ) {
    self.index = index
    self.tid = tid
    self.stackSlot = stackSlot
    self.returnAddress = returnAddress
    self.procedure = procedure
  }
}

/// Places and removes gates in a stopped target.
package struct Gates: Hashable, Sendable, Codable {
  package private(set) var placed: [Gate] = []

  package init() {}

  /// Takes over gates that stand on a stack but are not known here: an earlier pup placed them.
  ///
  /// A walk through a gate shows its entry as the caller of the gated frame, and behind it the real
  /// return address.
  package mutating func adopt(
    _ stacks: [ThreadStack], descriptor: TargetDescriptor, survey: StackSurvey
  ) {
    let end = descriptor.gates + UInt64(descriptor.gateCount) * descriptor.gateStride
    for stack in stacks {
      for (depth, frame) in stack.frames.enumerated() where depth + 2 < stack.frames.count {
        let entry = stack.frames[depth + 1].programCounter.rawValue
        guard entry >= descriptor.gates, entry < end, let slot = frame.returnAddressSlot,
          (entry - descriptor.gates) % descriptor.gateStride == 0
        else { continue }
        let index = Int((entry - descriptor.gates) / descriptor.gateStride)
        guard !placed.contains(where: { $0.index == index }) else { continue }
        let procedure = survey.frames.first { $0.tid == stack.tid && $0.depth == depth }?.procedure
        placed.append(
          Gate(
            index: index, tid: stack.tid, stackSlot: slot,
            returnAddress: stack.frames[depth + 2].programCounter.rawValue,
            procedure: procedure ?? ProcedureID(rawValue: -1)))
      }
    }
  }

  /// Makes exactly `frames` gated, as far as gates last; the others' return addresses are restored.
  ///
  /// `busy`: gates in which some thread is now: their words must stay as they are.
  ///
  /// Returns: how many gates were newly placed.
  package mutating func arrange(
    for frames: [ProgramFrame], busy: Set<Int>, descriptor: TargetDescriptor,
    memory: inout some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> Int {
    let wanted = Dictionary(
      frames.compactMap { frame in frame.returnAddressSlot.map { ($0, frame) } },
      uniquingKeysWith: { first, _ in first })
    var kept: [Gate] = []
    for gate in placed {
      let isWanted = wanted[gate.stackSlot]?.tid == gate.tid
      if isWanted, try Self.holds(gate, descriptor, memory) {
        kept.append(gate)
        continue
      }
      try Self.restore(gate, descriptor, &memory)
      if busy.contains(gate.index) { kept.append(gate) }
    }
    placed = kept
    let taken = Set(placed.map(\.index))
    let gated = Set(placed.map(\.stackSlot))
    var free = (0..<descriptor.gateCount).filter { !taken.contains($0) && !busy.contains($0) }
    var count = 0
    for frame in frames {
      guard let slot = frame.returnAddressSlot, !gated.contains(slot), let index = free.popLast()
      else { continue }
      try place(frame, slot, index, descriptor, &memory)
      count += 1
    }
    return count
  }

  private mutating func place(
    _ frame: ProgramFrame, _ slot: TraceeAddress, _ index: Int, _ descriptor: TargetDescriptor,
    _ memory: inout some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    let real = try memory.word(at: slot)
    guard !isGate(real, descriptor) else { return }
    try memory.write(real.littleEndianBytes, at: descriptor.gateReturn(index))
    try memory.write([UInt8](repeating: 0, count: 8), at: descriptor.gateState(index))
    try memory.write(descriptor.gateEntry(index).rawValue.littleEndianBytes, at: slot)
    placed.append(
      Gate(
        index: index, tid: frame.tid, stackSlot: slot, returnAddress: real,
        procedure: frame.procedure))
  }

  private func isGate(_ address: UInt64, _ descriptor: TargetDescriptor) -> Bool {
    let end = descriptor.gates + UInt64(descriptor.gateCount) * descriptor.gateStride
    return (descriptor.gates..<end).contains(address)
  }

  private static func holds(
    _ gate: Gate, _ descriptor: TargetDescriptor, _ memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> Bool {
    do throws(TraceeFailure) {
      return try memory.word(at: gate.stackSlot) == descriptor.gateEntry(gate.index).rawValue
    } catch .fault {
      return false
    }
  }

  /// Puts the real return address back where the gate's entry still stands.
  private static func restore(
    _ gate: Gate, _ descriptor: TargetDescriptor, _ memory: inout some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    if try holds(gate, descriptor, memory) {
      try memory.write(gate.returnAddress.littleEndianBytes, at: gate.stackSlot)
    }
  }

  /// Lets the threads that wait in gates go on at once, when the stop ends.
  package func release(
    descriptor: TargetDescriptor, memory: inout some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    for gate in placed {
      let word = TraceeAddress(rawValue: descriptor.gateState(gate.index).rawValue + 4)
      try memory.write([1, 0, 0, 0], at: word)
    }
  }
}
