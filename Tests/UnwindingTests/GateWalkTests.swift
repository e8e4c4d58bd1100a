import TestSupport
import Testing
import Tracee
import Unwinding
import VersionSpace

/// Walks of a stack one of whose return addresses leads to a gate of the runtime.
@Suite(.timeLimit(.minutes(2))) struct GateWalkTests {
  private static let source = """
    #include <stdint.h>
    #include <stdio.h>
    #include <unistd.h>
    #define PUP_GATE(n) (__pup_gates + (n) * 32)
    extern char __pup_gates[];
    uint32_t __pup_gate_states[128] __attribute__((visibility("hidden")));
    uint32_t __pup_gate_wait_ms __attribute__((visibility("hidden"))) = 50;
    __attribute__((noinline)) int inner(int n) {
      while (access("go", F_OK) != 0) usleep(1000);
      return n;
    }
    __attribute__((noinline)) int outer(int n) { return inner(n) + 1; }
    int main(void) {
      printf("gates %lx\\n", (long)PUP_GATE(5));
      puts("ready");
      fflush(stdout);
      int result = outer(3);
      printf("end %d %u\\n", result, __pup_gate_states[10]);
      return 0;
    }
    """

  @Test func `a gate is a frame of its own and the real caller follows it`() async throws {
    let gates = "\(Surroundings.repository)/CSupport/runtime/pup_gates.S"
    let program = try await CProgram(Self.source, ["-O1", gates])
    let started = try await program.start()
    defer { started.kill() }
    await pause(.milliseconds(20))
    let words = started.output.split(whereSeparator: \.isWhitespace)
    let entry = try #require(UInt64(words[1], radix: 16))
    let plain = try #require(try await LiveStacks.walked(started.pid).first)
    #expect(plain.end == .outermost)
    let memory = try ProcessMemory(pid: started.pid)
    // Outermost are _start, two frames of libc, main and outer.
    let index = plain.frames.count - 5
    let slot = try #require(plain.frames[index].returnAddressSlot)
    let real = try memory.word(at: slot)
    try replace(slot, by: entry, keeping: real, in: memory)
    #expect(try memory.word(at: slot) == entry)
    let gated = try #require(try await LiveStacks.walked(started.pid).first)
    #expect(gated.end == .outermost)
    var counters = plain.frames.map(\.programCounter.rawValue)
    counters.insert(entry, at: index + 1)
    // The innermost frames differ: it polls.
    let outward = counters.count - index
    #expect(gated.frames.map(\.programCounter.rawValue).suffix(outward) == counters.suffix(outward))
    try TestSupport.write([], to: "\(program.folder)/go")
    let ended = await eventually { started.output.contains("end") }
    #expect(ended)
    #expect(started.output.contains("end 4 1\n"), "\(started.output)")
  }

  private func replace(
    _ slot: TraceeAddress, by entry: UInt64, keeping real: UInt64, in memory: ProcessMemory
  ) throws(TraceeFailure) {
    var memory = memory
    let place = TraceeAddress(rawValue: entry + 16)
    func bytes(_ value: UInt64) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    try memory.write(bytes(real), at: place)
    try memory.write(bytes(entry), at: slot)
  }
}
