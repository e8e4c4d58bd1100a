import Foundation
import TestSupport
import Testing
import Unwinding

/// Descriptions of injected code, placed where the linker did not put them.
@Suite(.timeLimit(.minutes(2))) struct MovableDescriptionTests {
  /// A CIE, an FDE of it, and where the FDE lies.
  private struct Pair {
    var common: [UInt8]
    var description: [UInt8]
    var offset: Int
  }

  private func pairs(in bytes: [UInt8]) -> [Pair] {
    var result: [Pair] = []
    var offset = 0
    while offset + 8 <= bytes.count, word(bytes, offset) != 0 {
      let end = offset + 4 + Int(word(bytes, offset))
      let pointer = Int(word(bytes, offset + 4))
      if pointer != 0 {
        let start = offset + 4 - pointer
        let common = bytes[start..<(start + 4 + Int(word(bytes, start)))]
        result.append(
          Pair(common: Array(common), description: Array(bytes[offset..<end]), offset: offset))
      }
      offset = end
    }
    return result
  }

  private func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }

  private func target(_ bytes: [UInt8], _ offset: Int, _ address: UInt64) -> UInt64 {
    let distance = Int32(bitPattern: word(bytes, offset))
    return address &+ UInt64(offset) &+ UInt64(bitPattern: Int64(distance))
  }

  @Test func `walks are the same by descriptions placed elsewhere`() async throws {
    let program = try await CompiledProgram("walks", ["-O2"])
    let recorded = try await RecordedPoints(program: program.path, steps: 10, places: "stop_here")
    var modules: [UnwindModule] = []
    var address: UInt64 = 0x5555_6000_0000
    for module in recorded.modules {
      let isProgram = module.ehFrameAddress < 0x6000_0000_0000 && !module.ehFrame.isEmpty
      guard isProgram else {
        modules.append(module)
        continue
      }
      for pair in pairs(in: module.ehFrame) {
        let movable = try #require(
          MovableDescription(common: pair.common, description: pair.description))
        let code = target(module.ehFrame, pair.offset + 8, module.ehFrameAddress)
        let bytes = try #require(movable.placed(at: address, code: code))
        modules.append(
          UnwindModule(name: "", codeRanges: [], ehFrame: bytes, ehFrameAddress: address))
        address += UInt64(bytes.count) + 24
      }
    }
    #expect(modules.count > recorded.modules.count + 10)
    let table = UnwindTable(modules)
    for point in recorded.points where point.walk(UnwindTable(recorded.modules)).end == .outermost {
      let stack = point.walk(table)
      #expect(stack.programCounters == point.programCounters)
      #expect(stack.end == .outermost)
    }
  }

  @Test func `pointers to handlers are asked for and written`() async throws {
    let folder = try temporaryFolder(named: "movable")
    defer { removeFolder(folder) }
    let source = """
      void clean(int *), work(void);
      void f(void) { int x __attribute__((cleanup(clean))) = 1; work(); }
      void g(void) { work(); work(); }
      """
    try source.write(toFile: "\(folder)/a.c", atomically: true, encoding: .utf8)
    try await CompiledProgram.gcc([
      "\(folder)/a.c", "-c", "-O2", "-fPIE", "-fexceptions", "-o", "\(folder)/a.o",
    ])
    _ = try await Command(
      "/usr/bin/objcopy",
      ["-O", "binary", "-j", ".eh_frame", "\(folder)/a.o", "\(folder)/a.frame"]
    ).run()
    let frame = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.frame")))
    var asked: Set<Int> = []
    for pair in pairs(in: frame) {
      let movable = try #require(
        MovableDescription(common: pair.common, description: pair.description))
      asked.insert(movable.pointers.count)
      let (place, code): (UInt64, UInt64) = (0x7000_0000, 0x7123_4560)
      if !movable.pointers.isEmpty { #expect(movable.placed(at: place, code: code) == nil) }
      let bytes = try #require(
        movable.placed(at: place, code: code) { pointer in
          if case .personality = pointer { 0x6800_0010 } else { 0x6900_0020 }
        })
      #expect(bytes.count == movable.byteCount)
      let start = pair.common.count
      #expect(target(bytes, start + 8, place) == code)
      #expect(word(bytes, start + 4) == UInt32(start + 4))
      for pointer in movable.pointers {
        switch pointer {
        case .personality(let offset, let isIndirect):
          #expect(target(bytes, offset, place) == 0x6800_0010)
          #expect(isIndirect)
        case .languageData(let offset):
          #expect(target(bytes, start + offset, place) == 0x6900_0020)
        }
      }
      let row = try #require(movable.row(header: 0x6F00_0000, code: code, placedAt: place))
      #expect(UInt64(word(row, 0)) + 0x6F00_0000 == code)
      #expect(UInt64(word(row, 4)) + 0x6F00_0000 == place + UInt64(start))
    }
    #expect(asked == [0, 2])
  }

  @Test func `what cannot be reached or understood is refused`() throws {
    let common: [UInt8] = [
      20, 0, 0, 0, 0, 0, 0, 0, 1, 0x7A, 0x52, 0, 1, 0x78, 16, 1, 0x1B, 0x0C, 7, 8, 0x90, 1, 0, 0,
    ]
    let description: [UInt8] = [16, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
    let movable = try #require(MovableDescription(common: common, description: description))
    #expect(movable.placed(at: 0x1000, code: 0x8000_2000) == nil)
    #expect(movable.placed(at: 0x1000, code: 0x7000_2000) != nil)
    #expect(movable.row(header: 0x1_0000_0000, code: 0x1000, placedAt: 0x2000) == nil)
    for count in 0..<common.count {
      #expect(MovableDescription(common: Array(common.prefix(count)), description: []) == nil)
    }
    for count in 0..<description.count {
      let cut = Array(description.prefix(count))
      #expect(MovableDescription(common: common, description: cut) == nil)
    }
    var other = common
    other[16] = 0x03
    #expect(MovableDescription(common: other, description: description) == nil)
  }
}
