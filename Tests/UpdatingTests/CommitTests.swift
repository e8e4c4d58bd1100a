import Testing
import Updating
import VersionSpace

@Suite struct CommitTests {
  @Test func `the slots of one page are one write that keeps the words between`() throws {
    var memory = DictionaryMemory(0x1F00..<0x2100)
    for address in stride(from: UInt64(0x1F00), to: 0x2100, by: 8) {
      memory[word: address] = address
    }
    let stores = [
      SlotStore(slot: at(0x1FF0), old: 0x1FF0, new: 1),
      SlotStore(slot: at(0x2010), old: 0x2010, new: 3),
      SlotStore(slot: at(0x1FD8), old: 0x1FD8, new: 2),
      SlotStore(slot: at(0x2000), old: 0x2000, new: 4),
    ]
    let writes = try Commit.slotWrites(stores, memory: memory)
    #expect(writes.map(\.address) == [at(0x1FD8), at(0x2000)])
    #expect(writes.map(\.bytes.count) == [32, 24])
    for write in writes { try memory.write(write.bytes, at: write.address) }
    for address in stride(from: UInt64(0x1F00), to: 0x2100, by: 8) {
      let store = stores.first { $0.slot.rawValue == address }
      #expect(memory[word: address] == store?.new ?? address)
    }
    #expect(
      try Commit.slotWrites(stores, memory: memory) == writes, "applying again changes nothing")
  }

  @Test func `a slot that somebody else wrote stops the commit`() throws {
    var memory = DictionaryMemory(0x1000..<0x1040)
    memory[word: 0x1008] = 77
    let stores = [
      SlotStore(slot: at(0x1000), old: 0, new: 5), SlotStore(slot: at(0x1008), old: 6, new: 7),
    ]
    #expect(throws: CommitFailure.slotChanged(at(0x1008), expected: 6, found: 77)) {
      try Commit.slotWrites(stores, memory: memory)
    }
    #expect(throws: CommitFailure.tracee(.fault(at: at(0x5000), byteCount: 8))) {
      try Commit.slotWrites([SlotStore(slot: at(0x5000), old: 0, new: 1)], memory: memory)
    }
    #expect(try Commit.slotWrites([], memory: memory).isEmpty)
  }

  @Test func `an arena hands out aligned space upwards, and says when it is full`() throws {
    var arena = Arena(range: 0x1004..<0x1100, used: 0)
    #expect(try arena.allocate(3, alignment: 1, named: .text) == at(0x1004))
    #expect(try arena.allocate(8, alignment: 16, named: .text) == at(0x1010))
    #expect(try arena.allocate(0, alignment: 1, named: .text) == at(0x1018))
    let before = arena
    for size: UInt64 in [0xE9, .max, .max - 0x1018] {
      #expect(throws: LinkFailure.arenaFull(.data, needed: size, free: 0xE8)) {
        try arena.allocate(size, alignment: 1, named: .data)
      }
    }
    #expect(arena == before)
    #expect(try arena.allocate(0xE8, alignment: 1, named: .text) == at(0x1018))
    #expect(arena.freeByteCount == 0)
    var last = Arena(range: (.max - 64)..<(.max - 1))
    #expect(throws: LinkFailure.self) { try last.allocate(1, alignment: 4096, named: .text) }
  }
}
