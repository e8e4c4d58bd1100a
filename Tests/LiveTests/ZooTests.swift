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
    try await checkBackAndForth(Build("zoo", flags: flags, pupccFlags: ["--keep-calls"]))
  }
}
