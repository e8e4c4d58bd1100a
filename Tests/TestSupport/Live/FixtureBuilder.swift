import Foundation

/// One build of one version of a program in `fixtures/`.
package struct Build: Hashable, Sendable {
  /// The folder's name in `fixtures/`.
  package var fixture: String
  package var version: Int
  /// The compiler's flags, such as `-O2`.
  package var flags: [String]
  /// What `pupcc` alone understands, such as `--keep-calls`.
  package var pupccFlags: [String]
  /// Compiles with plain gcc, so that the program is not prepared.
  package var isPlain: Bool

  package init(
    _ fixture: String, version: Int = 1, flags: [String] = ["-O2"], pupccFlags: [String] = [],
    isPlain: Bool = false
  ) {
    self.fixture = fixture
    self.version = version
    self.flags = flags
    self.pupccFlags = pupccFlags
    self.isPlain = isPlain
  }

  /// The same build of another version.
  package func at(version: Int) -> Build {
    var build = self
    build.version = version
    return build
  }

  /// The executable's name.
  package var program: String { fixture == "pizza" ? "pizza\(version)" : fixture }
}

/// A build that is done.
package struct Built: Sendable {
  /// The folder with the sources, the objects and the executable.
  package var folder: String
  package var executable: String
}

/// Builds each fixture once per test run and set of flags, by the real `pupcc`.
package actor FixtureBuilder {
  package static let shared = FixtureBuilder()

  private var builds: [Build: Task<Built, any Error>] = [:]
  private let root: String

  private init() {
    root = "\(Surroundings.tools)/live-fixtures"
    removeFolder(root)
  }

  /// The build, made now or earlier.
  ///
  /// Do not write into its folder: other tests use it.
  package func built(_ build: Build) async throws -> Built {
    if let known = builds[build] { return try await known.value }
    let folder = "\(root)/\(builds.count)"
    let task = Task { try await Self.make(build, in: folder) }
    builds[build] = task
    return try await task.value
  }

  /// Copies a fixture's sources of one version to `folder/FIXTURE` and returns that path.
  ///
  /// Small fixtures get their `vN.c` as `FIXTURE.c`, since a version of a program keeps the
  /// names of its files (a fixture of one version has the name already); the shop's later versions lie on top of the first.
  package static func placeSources(of build: Build, in folder: String) throws(LiveFailure) -> String
  {
    let source = "\(Surroundings.repository)/fixtures/\(build.fixture)"
    let place = "\(folder)/\(build.fixture)"
    let manager = FileManager.default
    do {
      try manager.createDirectory(atPath: place, withIntermediateDirectories: true)
      try copyFiles(from: source, to: place)
      let shared = "\(source)/../tick.h"
      try overwrite("\(folder)/tick.h", with: shared)
      if manager.fileExists(atPath: "\(source)/v\(build.version).c") {
        try overwrite("\(place)/\(build.fixture).c", with: "\(source)/v\(build.version).c")
      }
      for version in 2..<max(build.version + 1, 2)
      where manager.fileExists(atPath: "\(source)/v\(version)") {
        try copyFiles(from: "\(source)/v\(version)", to: place)
      }
    } catch {
      throw .cannotPrepare(path: place, reason: "\(error)")
    }
    return place
  }

  /// Builds what `placeSources` put into `place`.
  package static func compile(_ build: Build, in place: String) async throws(LiveFailure) {
    var environment = Surroundings.environment
    // What the whole run is built with, such as another call mode, stays.
    let common = environment["PUPCC_FLAGS"].map { [$0] } ?? []
    environment["PUPCC_FLAGS"] = (common + build.pupccFlags).joined(separator: " ")
    let compiler = build.isPlain ? "/usr/bin/gcc" : Surroundings.tool("pupcc")
    let hasMakefile = FileManager.default.fileExists(atPath: "\(place)/Makefile")
    let command =
      hasMakefile
      ? Command(
        "/usr/bin/make",
        [
          "-s", "CC=\(compiler)", "CFLAGS=\(build.flags.joined(separator: " "))",
          "VERSION=\(build.version)", build.program,
        ])
      : Command(compiler, build.flags + ["-pthread", "\(build.fixture).c", "-o", build.program])
    var placed = command
    placed.environment = environment
    placed.directory = place
    let outcome = try await placed.run()
    guard outcome.status == 0 else {
      throw .cannotBuild(fixture: build.fixture, log: outcome.summary)
    }
  }

  private static func make(_ build: Build, in folder: String) async throws(LiveFailure) -> Built {
    let place = try placeSources(of: build, in: folder)
    try await compile(build, in: place)
    return Built(folder: place, executable: "\(place)/\(build.program)")
  }
}

private func copyFiles(from source: String, to place: String) throws {
  for name in try FileManager.default.contentsOfDirectory(atPath: source) {
    let kind = try FileManager.default.attributesOfItem(atPath: "\(source)/\(name)")[.type]
    if kind as? FileAttributeType == .typeDirectory, name.first != "v" {
      let folder = "\(place)/\(name)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try copyFiles(from: "\(source)/\(name)", to: folder)
    }
    guard kind as? FileAttributeType == .typeRegular else { continue }
    if [".o", ".a", ".so"].contains(where: name.hasSuffix) { continue }
    if name.first == "v", name.hasSuffix(".c"), name.count == 4 { continue }
    try overwrite("\(place)/\(name)", with: "\(source)/\(name)")
  }
}

/// Writes a new file with the time of now, as an editor does, so that make sees it.
private func overwrite(_ path: String, with source: String) throws {
  try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: path))
}
