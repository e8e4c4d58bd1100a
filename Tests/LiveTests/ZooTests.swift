import TestSupport
import Testing

/// What gcc and the linker make of C, all of it in one program that checks itself while it is
/// updated back and forth: `fixtures/zoo`, one file for each construct.
@Suite(.timeLimit(.minutes(10))) struct ZooTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var flags: [String]
    var keepsCalls: Bool

    var testDescription: String {
      flags.joined(separator: " ") + (keepsCalls ? " --keep-calls" : "")
    }
  }

  /// `--keep-calls` at every second set of flags; `scripts/compatibility` tries each both ways.
  static let cases: [Case] = [
    ["-O0"], ["-Og"], ["-O1"], ["-O2"], ["-O2"], ["-O3"], ["-Os", "-fno-pie", "-no-pie"],
    ["-O2", "-static"], ["-O2", "-static-pie", "-fPIE"],
    ["-O2", "-fcf-protection", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"],
    ["-O2", "-fno-plt", "-Wl,-z,now", "-Wl,--gc-sections"],
    // Thread-local data by the general and the local dynamic model, and by descriptors.
    ["-O2", "-fPIC"], ["-O2", "-fPIC", "-mtls-dialect=gnu2"], ["-O0", "-fPIC", "-static"],
  ].enumerated().map { Case(flags: $1, keepsCalls: $0 % 2 == 0) }

  @Test(arguments: cases)
  func `stays right while it is updated back and forth`(_ example: Case) async throws {
    let build = Build(
      "zoo", flags: example.flags, pupccFlags: example.keepsCalls ? ["--keep-calls"] : [])
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: build)
      let program = try await sandbox.run("zoo", old)
      #expect(await program.prints("all of version 1"))
      for _ in 1...2 {
        for (executable, version) in [(new, 2), (old, 1)] {
          let (outcome, report) = try await program.update(to: executable)
          #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
          for _ in 1...3 {
            #expect(await program.prints("all of version \(version)", after: program.printed))
          }
          let complete = program.output.split(separator: "\n").dropLast()
          #expect(complete.last?.hasSuffix("all of version \(version)") == true, "\(complete)")
        }
      }
      #expect(!program.output.contains("BAD"), "\(program.output.suffix(600))")
    }
  }
}
