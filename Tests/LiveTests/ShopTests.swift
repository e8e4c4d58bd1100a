import TestSupport
import Testing

/// A program of several files with threads, an archive, signals and clients, updated under load.
@Suite(.timeLimit(.minutes(10))) struct ShopTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var flags: [String]
    var keepsCalls = false

    func build(version: Int) -> Build {
      Build("shop", version: version, flags: flags, pupccFlags: keepsCalls ? ["--keep-calls"] : [])
    }
    var testDescription: String { flags.joined(separator: " ") + (keepsCalls ? " kept" : "") }
  }

  @Test(arguments: [
    Case(flags: ["-O0", "-fPIE", "-pie"]),
    Case(flags: ["-O1", "-fno-pie", "-no-pie"], keepsCalls: true),
    Case(flags: ["-O2", "-fPIE", "-pie"]),
    Case(flags: ["-O2", "-static", "-DSHOP_STATIC"]),
    Case(flags: ["-O3", "-fno-pie", "-no-pie"]),
    Case(flags: ["-Os", "-static", "-DSHOP_STATIC"], keepsCalls: true),
  ])
  func `two updates under load lose no order and show no old answer`(_ example: Case) async throws {
    try await withSandbox { sandbox in
      let socket = "\(sandbox.folder)/shop"
      let versions = try await (1...3).asyncMap {
        try await FixtureBuilder.shared.built(example.build(version: $0)).executable
      }
      let program = try await sandbox.run("shop", versions[0], [socket])
      #expect(await program.prints("shop: open"))
      let before = program.unchanged
      async let load = ShopLoad.run(socket: socket, connections: 4, milliseconds: 3000)

      await pause(.milliseconds(300))
      for version in 2...3 {
        let (outcome, report) = try await program.update(to: versions[version - 1])
        #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
        #expect(report.to == version)
      }
      let counted = try await load
      #expect(counted.isOK, "\(counted.outcome.summary)")
      #expect(counted.versions[1] != nil && counted.versions[3] != nil)
      #expect(await eventually { program.unchanged == before })

      signal(.user1, to: program.process.pid)
      #expect(await program.prints("statistics: answers="))
      signal(.terminate, to: program.process.pid)
      #expect(await program.prints("shop: ok orders=\(counted.orders)\n"), "\(program.output)")
    }
  }

  @Test func `a libc procedure that a static program was not linked with is refused by name`()
    async throws
  {
    try await withSandbox { sandbox in
      let build = Build("shop", flags: ["-O2", "-static"])
      let (old, new) = try await bothVersions(of: build)
      let program = try await sandbox.run("shop", old, ["\(sandbox.folder)/shop"])
      #expect(await program.prints("shop: open"))
      let (outcome, report) = try await program.update(to: new)
      #expect(outcome.status == 1 && report.result == "refused", "\(outcome.summary)")
      #expect(report.reason?.contains("gettimeofday") == true, "\(outcome.summary)")
    }
  }

  @Test func `the shop goes back to its first version under load`() async throws {
    try await withSandbox { sandbox in
      let socket = "\(sandbox.folder)/shop"
      let versions = try await (1...3).asyncMap {
        try await FixtureBuilder.shared.built(Build("shop", version: $0)).executable
      }
      let program = try await sandbox.run("shop", versions[2], [socket])
      #expect(await program.prints("shop: open"))
      async let load = ShopLoad.run(
        socket: socket, connections: 4, milliseconds: 2000, goesBack: true)
      await pause(.milliseconds(300))
      let (outcome, report) = try await program.update(to: versions[0])
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      let counted = try await load
      #expect(counted.isOK, "\(counted.outcome.summary)")
      #expect(counted.versions[1] != nil && counted.versions[3] != nil)
      let stopped = try await sandbox.ush("stop", "shop")
      #expect(stopped.status == 0, "\(stopped.summary)")
      #expect(program.output.hasSuffix("shop: ok orders=\(counted.orders)\n"), "\(program.output)")
    }
  }
}

extension Sequence {
  /// `map` with an asynchronous transformation, one after the other.
  func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
