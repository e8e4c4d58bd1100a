import TestSupport
import Testing

/// How people build: over the same file, twice, with companions, and installed elsewhere.
@Suite(.timeLimit(.minutes(10))) struct RebuildTests {
  /// The shop's version 1, built in a folder of the test's own.
  private func place(in sandbox: Sandbox, pupccFlags: [String] = []) async throws -> String {
    let build = Build("shop", pupccFlags: pupccFlags)
    let place = try FixtureBuilder.placeSources(of: build, in: "\(sandbox.folder)/src")
    try await FixtureBuilder.compile(build, in: place)
    return place
  }

  private func edit(_ sandbox: Sandbox, pupccFlags: [String] = []) async throws {
    let build = Build("shop", version: 2, pupccFlags: pupccFlags)
    let place = try FixtureBuilder.placeSources(of: build, in: "\(sandbox.folder)/src")
    try await FixtureBuilder.compile(build, in: place)
  }

  @Test(arguments: [[], ["--companions"]])
  func `make, edit, make over the same file, update`(_ flags: [String]) async throws {
    try await withSandbox { sandbox in
      let place = try await place(in: sandbox, pupccFlags: flags)
      let program = try await sandbox.run("shop", "\(place)/shop", ["\(sandbox.folder)/socket"])
      try await edit(sandbox, pupccFlags: flags)

      let (outcome, report) = try await program.update(to: "\(place)/shop")
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      let load = try await ShopLoad.run(
        socket: "\(sandbox.folder)/socket", connections: 2, milliseconds: 200)
      #expect(load.isOK && load.versions.keys.sorted() == [2], "\(load.outcome.summary)")
    }
  }

  @Test func `make twice builds nothing and changes nothing`() async throws {
    try await withSandbox { sandbox in
      let place = try await place(in: sandbox)
      let program = try await sandbox.run("shop", "\(place)/shop", ["\(sandbox.folder)/socket"])
      let before = bytes(of: "\(place)/shop")
      try await FixtureBuilder.compile(Build("shop"), in: place)
      #expect(bytes(of: "\(place)/shop") == before)
      let (outcome, report) = try await program.update(to: "\(place)/shop")
      #expect(outcome.status == 0 && report.result == "already", "\(outcome.summary)")
    }
  }

  @Test func `linking *.o twice leaves the companion out`() async throws {
    try await withSandbox { sandbox in
      let folder = "\(sandbox.folder)/src"
      let build = Build("pizza")
      let place = try FixtureBuilder.placeSources(of: build, in: folder)
      let line = "\(Surroundings.tool("pupcc")) --companions -O2"
      for _ in 1...2 {
        let outcome = try await Command(
          "/bin/sh", ["-ec", "\(line) -c pizza1.c; \(line) *.o -o prog; ls prog.pup.o prog.delta"],
          directory: place
        ).run()
        #expect(outcome.status == 0, "\(outcome.summary)")
      }
      let program = try await sandbox.run("pizza", "\(place)/prog")
      #expect(await program.prints("pizza number 2"))
      let new = try await FixtureBuilder.shared.built(build.at(version: 2)).executable
      let (outcome, report) = try await program.update(to: new)
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
    }
  }

  @Test func `the executable alone is enough after it was installed elsewhere`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let installed = "\(sandbox.folder)/pizza"
      try copy(old, to: installed)
      let program = try await sandbox.run("pizza", installed)
      #expect(await program.prints("pizza number 1"))
      try copy(new, to: installed)
      let (outcome, report) = try await program.update(to: installed)
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("TC pizza number"))
      #expect(PizzaLog(program.output).faults.isEmpty)
    }
  }

  @Test func `an update needs no tool from PATH`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let nothing = ["PATH": "\(sandbox.folder)/nowhere"]
      let program = try await sandbox.run("pizza", old, environment: nothing)
      let (outcome, report) = try await program.update(to: new, environment: nothing)
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.prints("TC pizza number"))
      let mapped = contents(of: "/proc/\(program.process.pid)/maps")
      #expect(!mapped.contains(new))
    }
  }
}
