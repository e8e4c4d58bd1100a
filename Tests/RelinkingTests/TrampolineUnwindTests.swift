import ObjectModel
import Relinking
import TestSupport
import Testing

@Suite struct TrampolineUnwindTests {
  /// The trampoline of `victim` faults, since its slot holds no address at all: the unwinder then
  /// starts in the trampoline.
  @Test(arguments: [["-O0"], ["-O2"], ["-O2", "-fno-asynchronous-unwind-tables"]])
  func `a stack is walked out of a trampoline`(_ flags: [String]) async throws {
    let source = try await RewrittenSource(Self.victim, flags)
    var object = source.rewritten.object
    let slot = try #require(object.section(named: PreparedName.slotSection + "victim"))
    object[slot].relocations = []
    object[slot].contents = [0, 0, 0, 0, 0, 0, 0, 0x80]
    let others = try await CompiledSource(
      Self.program, file: "b.c", flags: ["-O0", "-fno-toplevel-reorder"]
    ).object()
    let changed = RewrittenSource(copying: source, object)
    let outcome = try await linkedAndRun([try changed.bytes(), others])
    #expect(outcome.output == "found caller 1\n", "\(outcome.summary)")
  }

  static let victim = "__attribute__((noipa)) int victim(int x) { return x; }"

  /// Compiled by itself, so that it has unwind information in any case.
  static let program = """
    #define _GNU_SOURCE
    #include <execinfo.h>
    #include <signal.h>
    #include <stdio.h>
    #include <unistd.h>
    int victim(int x);
    int caller(int (*f)(int)) { return f(1) + 1; }
    extern char caller_end[];
    __asm__(".globl caller_end\\ncaller_end:");
    static void caught(int signal) {
      void *frames[32];
      int found = 0, count = backtrace(frames, 32);
      for (int i = 0; i < count; i++)
        found |= (char *)frames[i] > (char *)caller && (char *)frames[i] < caller_end;
      printf("found caller %d\\n", found);
      fflush(stdout);
      _exit(0);
    }
    int main(void) {
      void *warm[1];
      backtrace(warm, 1);
      signal(SIGSEGV, caught);
      return caller(victim);
    }
    """
}

extension RewrittenSource {
  /// The same source with another rewritten object.
  init(copying source: RewrittenSource, _ object: ObjectFile) {
    self = source
    rewritten.object = object
  }
}
