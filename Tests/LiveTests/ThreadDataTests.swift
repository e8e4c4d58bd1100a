import TestSupport
import Testing

/// Thread-local data that a later version adds.
@Suite(.timeLimit(.minutes(5))) struct ThreadDataTests {
  @Test(arguments: [
    ["-O2"], ["-O0", "-fPIC"], ["-O2", "-static"], ["-O2", "-static-pie", "-fPIE"],
    ["-O1", "-fno-pie", "-no-pie"],
  ])
  func `begin as zero in every thread and belong to it`(_ flags: [String]) async throws {
    try await checkBackAndForth(
      Build("thread-data", flags: flags), beginning: "version 1, call 3 ")
  }

  @Test func `come back with their value when a version was without them`() async throws {
    try await withSandbox { sandbox in
      func version(_ body: String) -> String {
        """
        static __thread long kept = 500;
        APART void turn(void) { \(body) fflush(stdout); nap(2); }
        int main(void) { for (;;) turn(); }
        """
      }
      let with = version(#"printf("with %ld\n", ++kept);"#)
      let old = try await SmallProgram.build("with", with, in: sandbox)
      let new = try await SmallProgram.build(
        "without", version(#"printf("without\n");"#), in: sandbox)
      let program = try await sandbox.run("kept", old)
      #expect(await program.prints("with 505"))
      #expect(try await program.update(to: new).report.result == "updated")
      let last = program.output.split(separator: "\n").last { $0.hasPrefix("with ") }
      let before = last.flatMap { Int($0.dropFirst(5)) } ?? 0
      #expect(try await program.update(to: old).report.result == "updated")
      #expect(await program.prints("with \(before + 1)\n"))
    }
  }

  @Test func `are refused by name where threads have no room or no value for them`() async throws {
    try await withSandbox { sandbox in
      let added = [
        "-O2", "-DADDED=struct{char room[2000];long count;}", "-DBEGIN(datum)=((datum).count++)",
        "-DCOUNT(datum)=((datum).count)",
      ]
      let fixture = "\(Surroundings.repository)/fixtures/thread-data"
      func build(_ version: Int, _ flags: [String], as name: String) async throws -> String {
        let path = "\(sandbox.folder)/\(name)"
        let outcome = try await Command(
          Surroundings.tool("pupcc"), flags + ["-o", path, "\(fixture)/v\(version).c"]
        ).run()
        try #require(outcome.status == 0, "\(outcome.summary)")
        return path
      }
      let small = try await sandbox.run("small", build(1, ["-O2"], as: "small"))
      let large = try await build(2, added, as: "large")
      let (full, _) = try await small.update(to: large)
      #expect(full.status == 1 && full.hasOneErrorLine, "\(full.summary)")
      #expect(full.errors.contains("pupcc --tls-reserve"), "\(full.summary)")
      let roomy = try await sandbox.run(
        "roomy", build(1, ["-O2", "--tls-reserve", "8K"], as: "roomy"))
      let (fits, report) = try await roomy.update(to: large)
      #expect(fits.status == 0 && report.result == "updated", "\(fits.summary)")
      #expect(await roomy.prints("version 2", after: roomy.printed))

      let valued = try await build(
        2,
        [
          "-O2", "-DADDED=long", "-DBEGIN(datum)=((datum)++)", "-DCOUNT(datum)=(datum)",
          "-DVALUED",
        ], as: "valued")
      let (outcome, _) = try await small.update(to: valued)
      #expect(outcome.status == 1 && outcome.errors.contains("fresh"), "\(outcome.summary)")
      #expect(outcome.errors.contains("does not begin as zero"), "\(outcome.summary)")
      #expect(await small.goesOn())
      #expect(!(small.output + roomy.output).contains("BAD"))
    }
  }
}
