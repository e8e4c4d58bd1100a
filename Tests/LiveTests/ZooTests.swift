import TestSupport
import Testing

/// Constructs that a patcher gets wrong: switch tables, computed goto, varargs, structs by value,
/// long double, setjmp over updated frames, thread-local and static data, pointers compared.
@Suite(.timeLimit(.minutes(5))) struct ZooTests {
  @Test(arguments: [
    ["-O0"], ["-O1"], ["-O2"], ["-O3"], ["-Os", "-fno-pie", "-no-pie"], ["-O2", "-static"],
    ["-O2", "-fcf-protection", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"],
    ["-O2", "-fno-plt", "-Wl,-z,now", "-Wl,--gc-sections"],
    // Thread-local data by the general and the local dynamic model, and by descriptors.
    ["-O2", "-fPIC"], ["-O2", "-fPIC", "-fno-plt"], ["-O2", "-fPIC", "-mtls-dialect=gnu2"],
    ["-O0", "-fPIC"], ["-O2", "-fPIC", "-static"],
    ["-O2", "-fPIC", "-ftls-model=initial-exec"],
  ])
  func `stays right while it is updated back and forth`(_ flags: [String]) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(
        of: Build("zoo", flags: flags, pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run("zoo", old)
      #expect(await program.prints("version 1"))
      for _ in 1...3 {
        for (executable, line) in [(new, "version 2"), (old, "version 1")] {
          let (outcome, report) = try await program.update(to: executable)
          #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
          #expect(await program.prints(line, after: program.printed))
        }
      }
      #expect(!program.output.contains("BAD"), "\(program.output.suffix(400))")
    }
  }
}
