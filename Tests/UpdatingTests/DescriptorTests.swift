import TestSupport
import Testing
import Updating
import VersionSpace

@Suite struct DescriptorTests {
  @Test func `a sound descriptor is read field by field`() throws {
    let descriptor = try SampleDescriptor().read()
    #expect(descriptor.buildID.rawValue == "000102030405060708090a0b0c0d0e0f10111213")
    #expect(descriptor.table == 0x1000..<0x2000)
    #expect(descriptor.gateCount == 4)
    #expect(descriptor.gateEntry(2) == at(0x3040))
    #expect(descriptor.gateReturn(2) == at(0x3050))
    #expect(descriptor.gateState(3) == at(0x4018))
    #expect(descriptor.version == 3 && descriptor.update == 7 && descriptor.state == 1)
    #expect(descriptor.journal == [0x11, 0x11] + zeros + [0x22, 0x22] + zeros)
    try descriptor.validate(segments: SampleDescriptor.segments)
  }

  private let zeros = [UInt8](repeating: 0, count: 6)

  @Test func `another magic, format or size, or less than all of it, is no descriptor`() {
    for (word, value) in [
      (0, TargetDescriptor.magic + 1), (1, 2 | 208 << 32), (1, 1 | 200 << 32), (6, 0xFFF),
    ] {
      var sample = SampleDescriptor()
      sample.words[word] = value
      #expect(throws: DescriptorFailure.notADescriptor) { try sample.read() }
    }
    let bytes = SampleDescriptor().bytes
    #expect(bytes.count == TargetDescriptor.byteCount)
    for count in 0..<bytes.count {
      #expect(throws: DescriptorFailure.notADescriptor) {
        try TargetDescriptor(bytes: Array(bytes.prefix(count)))
      }
    }
  }

  @Test(
    arguments: [
      (5, 0xFF8), (6, 0x7008), (6, 0x1FFC), (8, 0x30_0001), (9, 0x7000), (11, 0x6FF0),
      (11, .max - 3), (12, 0 | 32 << 32), (12, 5000 | 32 << 32), (12, 4 | 4097 << 32),
      (12, 4 | 16 << 32), (13, 25), (13, .max), (14, 0x6FF8), (15, 0x7000), (16, 0x6FFE),
      (17, 0xFFF), (18, 0x7001), (19, 0x6FFD), (19, .max),
    ] as [(Int, UInt64)])
  func `an address outside of the program is refused`(word: Int, value: UInt64) throws {
    var sample = SampleDescriptor()
    sample.words[word] = value
    let descriptor = try sample.read()
    #expect(throws: DescriptorFailure.outOfBounds) {
      try descriptor.validate(segments: SampleDescriptor.segments)
    }
  }

  @Test func `no bytes trap`() {
    var dice = Dice()
    var sound = 0
    for _ in 0..<5000 {
      do throws(DescriptorFailure) {
        let descriptor = try TargetDescriptor(bytes: dice.damaged(SampleDescriptor().bytes))
        try descriptor.validate(segments: SampleDescriptor.segments)
        sound += 1
      } catch {
        continue
      }
    }
    #expect(sound > 0 && sound < 4000)
  }
}
