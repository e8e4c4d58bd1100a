/// Random numbers that are the same in every run, to damage inputs with.
package struct Dice: Sendable {
  private var state: UInt64

  package init(seed: UInt64 = 88_172_645_463_325_252) { state = max(seed, 1) }

  /// A number from 0 up to but not including `limit`.
  package mutating func roll(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(limit))
  }

  /// `bytes` with a few of them changed: a bit, or a value that is often a limit.
  package mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...roll(4) {
      let place = roll(result.count)
      if roll(3) == 0 {
        result[place] = [0xFF, 0x7F, 0x80, 0][roll(4)]
      } else {
        result[place] ^= 1 << UInt8(roll(8))
      }
    }
    return result
  }
}
