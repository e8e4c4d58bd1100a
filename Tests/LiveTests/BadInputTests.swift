import TestSupport
import Testing

/// What is wrong with a request: one clear line, the exit status, and an untouched target.
@Suite(.timeLimit(.minutes(10))) struct BadInputTests {
  /// Runs a command against a running pizza and checks that it fails as it should.
  private func refuses(
    status: Int32, mentioning words: [String],
    _ arguments: (_ sandbox: Sandbox, _ old: String, _ new: String) async throws -> [String]
  ) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      #expect(await program.prints("pizza number 1"))
      let before = program.unchanged

      let outcome = try await sandbox.ush(try await arguments(sandbox, old, new))

      #expect(outcome.status == status, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine, "\(outcome.summary)")
      for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
      #expect(await program.goesOn())
      #expect(program.unchanged == before)
      #expect(!program.output.contains("TC"))
      #expect(try await sandbox.status(of: "pizza").version == 1)
    }
  }

  /// Writes a damaged copy of `executable` and returns its path.
  private func damaged(
    _ executable: String, _ sandbox: Sandbox, _ damage: (inout [UInt8]) -> Void
  ) throws -> String {
    var image = bytes(of: executable)
    damage(&image)
    let path = "\(sandbox.folder)/damaged"
    try write(image, to: path, executable: true)
    return path
  }

  @Test func `a file that is not ELF`() async throws {
    try await refuses(status: 2, mentioning: ["damaged"]) { sandbox, _, new in
      ["update", "pizza", try damaged(new, sandbox) { $0[1] = 0x20 }]
    }
  }

  @Test(arguments: [40, 4096, 20_000])
  func `a truncated file`(byteCount: Int) async throws {
    try await refuses(status: 2, mentioning: ["damaged"]) { sandbox, _, new in
      ["update", "pizza", try damaged(new, sandbox) { $0 = Array($0.prefix(byteCount)) }]
    }
  }

  @Test func `a file for another machine`() async throws {
    try await refuses(status: 2, mentioning: ["damaged"]) { sandbox, _, new in
      ["update", "pizza", try damaged(new, sandbox) { $0[18] = 183 }]
    }
  }

  @Test func `a program without DWARF that was not prepared`() async throws {
    try await refuses(status: 2, mentioning: ["pupcc"]) { sandbox, _, _ in
      let plain = try await FixtureBuilder.shared.built(
        Build("pizza", version: 2, isPlain: true)
      ).executable
      return ["update", "pizza", plain]
    }
  }

  @Test func `another program`() async throws {
    try await refuses(status: 2, mentioning: []) { _, _, _ in
      let other = try await FixtureBuilder.shared.built(Build("shop")).executable
      return ["update", "pizza", other]
    }
  }

  @Test func `a missing file`() async throws {
    try await refuses(status: 2, mentioning: ["nowhere"]) { sandbox, _, _ in
      ["update", "pizza", "\(sandbox.folder)/nowhere"]
    }
  }

  @Test func `a changes file with an unknown procedure gets a suggestion`() async throws {
    try await refuses(
      status: 2, mentioning: ["wrong.changes:2:", "bake_piza", "bake_pizza"]
    ) { sandbox, _, new in
      try write(
        Array("# a comment\nchanged bake_piza\n".utf8), to: "\(sandbox.folder)/wrong.changes")
      return ["update", "pizza", new, "--changes", "\(sandbox.folder)/wrong.changes"]
    }
  }

  @Test func `a changes file with a wrong line`() async throws {
    try await refuses(status: 2, mentioning: ["wrong.changes:1:"]) { sandbox, _, new in
      try write(Array("chnged bake_pizza\n".utf8), to: "\(sandbox.folder)/wrong.changes")
      return ["update", "pizza", new, "--changes", "\(sandbox.folder)/wrong.changes"]
    }
  }

  @Test func `a delta of another build`() async throws {
    try await refuses(status: 2, mentioning: ["pizza2"]) { sandbox, old, _ in
      let folder = "\(sandbox.folder)/companions"
      let build = Build("pizza", pupccFlags: ["--companions"])
      let place = try FixtureBuilder.placeSources(of: build, in: folder)
      try await FixtureBuilder.compile(build, in: place)
      try await FixtureBuilder.compile(build.at(version: 2), in: place)
      try copy("\(place)/pizza1.delta", to: "\(place)/pizza2.delta")
      return ["load", "pizza", "\(place)/pizza2.delta", "\(place)/pizza2.pup.o"]
    }
  }

  @Test func `a name that runs already`() async throws {
    try await refuses(status: 1, mentioning: ["pizza"]) { _, old, _ in ["run", "pizza", old] }
  }

  @Test func `a name that no program has`() async throws {
    try await refuses(status: 3, mentioning: ["pasta"]) { _, _, new in ["update", "pasta", new] }
  }

  @Test func `a program that cannot be run`() async throws {
    try await refuses(status: 1, mentioning: ["nowhere"]) { sandbox, _, _ in
      ["run", "other", "\(sandbox.folder)/nowhere"]
    }
  }

  @Test(arguments: ["4K", "64K"])
  func `an arena that is full`(size: String) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(
        of: Build("large", pupccFlags: ["--arena", size]))
      let program = try await sandbox.run("large", old)
      #expect(await program.prints("version 1"))
      let outcome = try await sandbox.ush("update", "large", new)
      #expect(outcome.status == 1, "\(outcome.summary)")
      #expect(outcome.hasOneErrorLine && outcome.errors.contains("--arena"), "\(outcome.summary)")
      #expect(await program.goesOn())
      #expect(!program.output.contains("version 2"))
    }
  }
}
