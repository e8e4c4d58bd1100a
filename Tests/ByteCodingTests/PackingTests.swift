import ByteCoding
import TestSupport
import Testing

@Suite struct PackingTests {
  private enum Shape: Hashable, Codable {
    case nothing
    case round(radius: Double, name: String?)
    case pair(Int, [UInt64])
    case inner(Part)
  }

  private enum Word: String, Hashable, Codable { case red, blue }

  private struct ID: RawRepresentable, Hashable, Codable { var rawValue: Int }

  private struct Part: Hashable, Codable {
    var name: String?
    var size: UInt8?
    var line: Int32?
    var range: Range<UInt64>?
    var flag: Bool
  }

  private struct Whole: Hashable, Codable {
    var number: Int
    var word: Word
    var id: ID
    var shapes: [Shape]
    var raw: [UInt8]
    var none: [Part]
    var nested: [[Int]]
    var byName: [String: [ID]]
    var byID: [ID: Shape]
    var part: Part?
  }

  private static func whole(_ seed: UInt64) -> Whole {
    var dice = Dice(seed: seed)
    func number() -> Int { dice.roll(1 << 40) >> dice.roll(40) }
    func part() -> Part {
      Part(
        name: number() % 2 == 0 ? nil : "part \(number() % 3)",
        size: number() % 2 == 0 ? nil : UInt8(truncatingIfNeeded: number()),
        line: number() % 2 == 0 ? nil : Int32(truncatingIfNeeded: number()),
        range: number() % 2 == 0 ? nil : 5..<UInt64(number().magnitude % 1000 + 5),
        flag: number() % 2 == 0)
    }
    let shapes: [Shape] = [
      .nothing, .round(radius: Double(number()) / 3, name: number() % 2 == 0 ? nil : "ö"),
      .pair(-number(), [UInt64.max, 0]), .inner(part()),
    ]
    return Whole(
      number: -number(), word: .blue, id: ID(rawValue: number()), shapes: shapes,
      raw: [0, 255, 128], none: [], nested: [[], [number()], []],
      byName: ["a": [], "": [ID(rawValue: number())]],
      byID: [ID(rawValue: 1): shapes[Int(number().magnitude % 4)], ID(rawValue: -2): .nothing],
      part: number() % 3 == 0 ? nil : part())
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `gives back what it was given`(seed: UInt64) throws {
    let whole = Self.whole(seed)
    #expect(try Packing.value(Whole.self, from: try Packing.bytes(of: whole)) == whole)
  }

  @Test func `an empty array of any type is no array of bytes`() throws {
    let bytes = try Packing.bytes(of: [Part]())
    #expect(try Packing.value([Part].self, from: bytes).isEmpty)
  }

  @Test func `refuses what is cut off`() throws {
    let bytes = try Packing.bytes(of: Self.whole(3))
    for count in bytes.indices {
      #expect(throws: (any Error).self, "cut off at \(count)") {
        try Packing.value(Whole.self, from: Array(bytes.prefix(count)))
      }
    }
  }

  @Test func `never traps on bytes that were changed`() throws {
    let bytes = try Packing.bytes(of: Self.whole(4))
    for place in bytes.indices {
      for change: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[place] ^= change
        _ = try? Packing.value(Whole.self, from: changed)
      }
    }
  }

  @Test func `has no place for a value that is missing in an array`() {
    #expect(throws: EncodingError.self) { try Packing.bytes(of: [1, nil] as [Int?]) }
  }
}
