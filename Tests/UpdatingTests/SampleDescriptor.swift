import Updating

/// A descriptor as the runtime lays it out, with sound values.
struct SampleDescriptor {
  var words: [UInt64] = [
    TargetDescriptor.magic, UInt64(TargetDescriptor.format) | 208 << 32,
    0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, 0x1312_1110 | 20 << 32,
    0x1000, 0x2000,  // table
    0x10_0000, 0x20_0000,  // text arena
    0x20_0000, 0x30_0000,  // data arena
    0x3000, 4 | 32 << 32, 16,  // gates, their count and stride, return offset
    0x4000, 0x3800, 0x4100,  // states, wait routine, wait time
    0x5000, 0x6000,  // unwind index
    0x4200, 0,  // started, linker's unwind header
    3, 7, 1, 0x1111, 0x2222,  // version, update, state, journal
  ]

  static let segments: [Range<UInt64>] = [0x1000..<0x7000, 0x10_0000..<0x30_0000]

  var bytes: [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
  }

  func read() throws(DescriptorFailure) -> TargetDescriptor { try TargetDescriptor(bytes: bytes) }
}
