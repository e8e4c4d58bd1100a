/// C or assembly source that a test compiles with gcc, in a folder that is gone afterwards.
package struct CompiledSource: Sendable {
  package var text: String
  /// Its ending tells gcc the language.
  package var file: String
  package var flags: [String]

  package init(_ text: String, file: String = "a.c", flags: [String] = ["-O2"]) {
    self.text = text
    self.file = file
    self.flags = flags
  }

  /// The bytes of the relocatable object.
  package func object() async throws(LiveFailure) -> [UInt8] {
    try await product(["-c"])
  }

  /// The bytes of what gcc makes when `arguments` follow the flags.
  package func product(_ arguments: [String]) async throws(LiveFailure) -> [UInt8] {
    let folder = try temporaryFolder(named: "source")
    defer { removeFolder(folder) }
    try write(Array((text + "\n").utf8), to: "\(folder)/\(file)")
    try await gcc(flags + arguments + [file, "-o", "out"], in: folder)
    return bytes(of: "\(folder)/out")
  }
}

/// Runs gcc.
///
/// - Throws: `.cannotBuild` with what gcc says when it fails or warns.
package func gcc(_ arguments: [String], in folder: String) async throws(LiveFailure) {
  let outcome = try await Command("/usr/bin/gcc", arguments, directory: folder).run()
  guard outcome.status == 0, outcome.errors.isEmpty else {
    throw .cannotBuild(fixture: arguments.joined(separator: " "), log: outcome.summary)
  }
}

/// What `readelf -a -W` has against a file: its warnings and errors, one a line; empty when it has
/// none.
package func readelfComplaints(about file: [UInt8]) async throws(LiveFailure) -> String {
  let folder = try temporaryFolder(named: "readelf")
  defer { removeFolder(folder) }
  try write(file, to: "\(folder)/file")
  let outcome = try await Command("/usr/bin/readelf", ["-a", "-W", "file"], directory: folder).run()
  let said = outcome.output.split(separator: "\n").filter {
    $0.contains("arning:") || $0.contains("rror:")
  }
  return outcome.errors + said.joined(separator: "\n")
}

/// Links objects into a program with gcc, and runs it to its end.
package func linkedAndRun(
  _ objects: [[UInt8]], flags: [String] = []
) async throws(LiveFailure) -> Command.Outcome {
  let folder = try temporaryFolder(named: "link")
  defer { removeFolder(folder) }
  try await link(objects, flags: flags, in: folder)
  return try await Command("\(folder)/program", [], directory: folder).run()
}

/// Links objects into a program with gcc.
package func linked(
  _ objects: [[UInt8]], flags: [String] = []
) async throws(LiveFailure) -> [UInt8] {
  let folder = try temporaryFolder(named: "link")
  defer { removeFolder(folder) }
  try await link(objects, flags: flags, in: folder)
  return bytes(of: "\(folder)/program")
}

/// Runs a program that is at hand as bytes to its end.
///
/// Another process writes the executable: a descriptor of ours, open for writing, would be
/// inherited by what other tests start meanwhile, and nothing that is open for writing can run.
package func ran(_ program: [UInt8]) async throws(LiveFailure) -> Command.Outcome {
  let folder = try temporaryFolder(named: "ran")
  defer { removeFolder(folder) }
  try write(program, to: "\(folder)/bytes")
  let outcome = try await Command(
    "/usr/bin/install", ["-m", "755", "bytes", "program"], directory: folder
  ).run()
  guard outcome.status == 0 else {
    throw .cannotPrepare(path: "\(folder)/program", reason: outcome.summary)
  }
  return try await Command("\(folder)/program", [], directory: folder).run()
}

private func link(
  _ objects: [[UInt8]], flags: [String], in folder: String
) async throws(LiveFailure) {
  for (number, object) in objects.enumerated() { try write(object, to: "\(folder)/\(number).o") }
  try await gcc(flags + objects.indices.map { "\($0).o" } + ["-o", "program"], in: folder)
}
