import Testing
import Updating
import VersionSpace

@Suite struct GateTests {
  private static let stack: UInt64 = 0x9000

  private func memory() -> DictionaryMemory {
    var memory = DictionaryMemory(0x3000..<0x3080, 0x4000..<0x4020, Self.stack..<0x9100)
    for index in 0..<UInt64(8) { memory[word: Self.stack + index * 16] = 0xC0DE_0000 + index }
    return memory
  }

  /// The frame whose return address is the stack's word `index`.
  private func frame(_ index: UInt64, thread: Int32 = 1) -> ProgramFrame {
    ProgramFrame(
      tid: thread, implementation: 0, procedure: ProcedureID(rawValue: Int(index)),
      lookupAddress: at(0xC0DE_0000), returnAddressSlot: at(Self.stack + index * 16),
      returnAddress: nil, depth: 0, isResident: false)
  }

  @Test func `a gated frame returns to its gate, which knows the way on`() throws {
    let descriptor = try SampleDescriptor().read()
    var (memory, gates) = (memory(), Gates())
    #expect(
      try gates.arrange(
        for: [frame(2), frame(5)], busy: [], descriptor: descriptor, memory: &memory)
        == 2)
    for (place, gate) in zip([UInt64(2), 5], gates.placed) {
      let entry = memory[word: Self.stack + place * 16]
      #expect(entry == descriptor.gateEntry(gate.index).rawValue)
      #expect(gate.returnAddress == 0xC0DE_0000 + place)
      #expect(memory[word: descriptor.gateReturn(gate.index).rawValue] == gate.returnAddress)
    }
    // The way on is known before the gate can be reached.
    let slots = memory.writes.indices.filter { memory.writes[$0].address.rawValue >= Self.stack }
    let ways = memory.writes.indices.filter { memory.writes[$0].address.rawValue < 0x4000 }
    #expect(zip(ways, slots).allSatisfy { $0 < $1 })
    let count = memory.writes.count
    #expect(
      try gates.arrange(
        for: [frame(2), frame(5)], busy: [], descriptor: descriptor, memory: &memory)
        == 0)
    #expect(memory.writes.count == count, "asking again writes nothing")
  }

  @Test func `a frame that is not waited for any more gets its return address back`() throws {
    let descriptor = try SampleDescriptor().read()
    let before = memory()
    var (memory, gates) = (before, Gates())
    _ = try gates.arrange(
      for: [frame(1), frame(2)], busy: [], descriptor: descriptor, memory: &memory)
    _ = try gates.arrange(for: [frame(2)], busy: [], descriptor: descriptor, memory: &memory)
    #expect(memory[word: Self.stack + 16] == before[word: Self.stack + 16])
    #expect(gates.placed.map(\.stackSlot) == [at(Self.stack + 32)])
    _ = try gates.arrange(for: [], busy: [], descriptor: descriptor, memory: &memory)
    #expect(memory[word: Self.stack + 32] == before[word: Self.stack + 32])
    #expect(gates.placed.isEmpty)
  }

  @Test func `a slot that the program has used again is not touched`() throws {
    let descriptor = try SampleDescriptor().read()
    var (memory, gates) = (memory(), Gates())
    _ = try gates.arrange(for: [frame(1)], busy: [], descriptor: descriptor, memory: &memory)
    memory[word: Self.stack + 16] = 42
    _ = try gates.arrange(for: [], busy: [], descriptor: descriptor, memory: &memory)
    #expect(memory[word: Self.stack + 16] == 42)
    #expect(gates.placed.isEmpty)
  }

  @Test func `when the gates are out, the rest goes without, and a busy gate is not reused`() throws
  {
    let descriptor = try SampleDescriptor().read()
    var (memory, gates) = (memory(), Gates())
    let frames = (0..<6).map { frame($0, thread: Int32($0)) }
    #expect(
      try gates.arrange(for: frames, busy: [1], descriptor: descriptor, memory: &memory) == 3)
    #expect(!gates.placed.contains { $0.index == 1 })
    #expect(Set(gates.placed.map(\.index)).count == 3)
    let busy = try #require(gates.placed.first)
    let way = memory[word: descriptor.gateReturn(busy.index).rawValue]
    _ = try gates.arrange(
      for: frames.filter { $0.returnAddressSlot != busy.stackSlot }, busy: [busy.index],
      descriptor: descriptor, memory: &memory)
    #expect(memory[word: descriptor.gateReturn(busy.index).rawValue] == way)
    #expect(gates.placed.filter { $0.index == busy.index }.map(\.stackSlot) == [busy.stackSlot])
  }
}
