import TestSupport
import Testing
import Tracee
import Unwinding
import VersionSpace

/// Unwind information that was cut off or damaged: walks end, and none traps.
@Suite(.timeLimit(.minutes(3))) struct BrokenTableTests {
  /// Memory that holds the same everywhere, or nothing.
  private struct FlatMemory: TraceeMemory {
    var byte: UInt8?

    func read(
      at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>
    ) throws(TraceeFailure) {
      guard let byte else { throw .fault(at: address, byteCount: buffer.count) }
      for index in 0..<buffer.count { buffer[index] = byte }
    }

    mutating func write(_ bytes: Span<UInt8>, at address: TraceeAddress) throws(TraceeFailure) {
      throw .fault(at: address, byteCount: bytes.count)
    }
  }

  private func walkEverywhere(_ module: UnwindModule) -> Int {
    let table = UnwindTable([module])
    var frames = 0
    guard let code = module.codeRanges.first else { return 0 }
    for address in stride(from: code.lowerBound, to: code.upperBound, by: 29) {
      for memory in [FlatMemory(byte: nil), FlatMemory(byte: 0xFF), FlatMemory(byte: 0)] {
        var registers = Registers(instructionPointer: address)
        registers.general[Registers.rsp] = address % 3 == 0 ? .max - 4 : 0x7FFF_0000
        frames +=
          StackWalker.walk(
            tid: 1, registers: registers, memory: memory, table: table, limit: 8
          ).frames.count
      }
    }
    return frames
  }

  private func sound() async throws -> UnwindModule {
    let program = try await CProgram(
      """
      #include <alloca.h>
      #include <stdio.h>
      #include <unistd.h>
      int f(int n) { char *p = alloca(n); p[n / 2] = n; return p[0] + (n ? f(n - 1) : 0); }
      int g(int n) { return n * f(n) + f(n + 1); }
      int main(int n, char **a) { puts("ready"); fflush(stdout); sleep(1000); return g(n); }
      """)
    let started = try await program.start()
    defer { started.kill() }
    var module = try #require(
      try LiveStacks.modules(of: started.pid).first { $0.name.hasSuffix("/main") })
    module.codeRanges = module.codeRanges.map {
      $0.lowerBound..<min($0.upperBound, $0.lowerBound + 700)
    }
    module.ehFrame = Array(module.ehFrame.prefix(400))
    return module
  }

  @Test func `unwind information may end anywhere`() async throws {
    let module = try await sound()
    let whole = walkEverywhere(module)
    for count in 0..<module.ehFrame.count {
      var cut = module
      cut.ehFrame = Array(module.ehFrame.prefix(count))
      #expect(walkEverywhere(cut) <= whole * 8)
    }
  }

  @Test func `any bytes of unwind information may be wrong`() async throws {
    let module = try await sound()
    var dice = Dice()
    var different = 0
    let whole = walkEverywhere(module)
    for _ in 0..<1500 {
      var damaged = module
      damaged.ehFrame = dice.damaged(module.ehFrame)
      if dice.roll(4) == 0 {
        let place = dice.roll(damaged.ehFrame.count - 12)
        for index in 0..<10 { damaged.ehFrame[place + index] = index == 9 ? 0x7F : 0xFF }
      }
      if walkEverywhere(damaged) != whole { different += 1 }
    }
    #expect(different > 100)
  }
}
