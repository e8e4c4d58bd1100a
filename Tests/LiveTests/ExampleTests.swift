import Glibc
import TestSupport
import Testing

/// Every example that help, man pages and the README show is run as it stands.
///
/// Each runs in a folder with what the examples speak of: the program shop in two versions, which also
/// runs, its sources and Makefile, and a changes file.
@Suite(.timeLimit(.minutes(10))) struct ExampleTests {
  /// An example, where it stands, and the exit status that it must have.
  struct Example: Sendable, Hashable, CustomTestStringConvertible {
    var line: String
    var source: String
    var testDescription: String { "\(source): \(line)" }
  }

  /// Words that begin an example.
  private static let tools = [
    "ush", "pup", "pupcc", "pupmapper", "make", "PUPCC_FLAGS=--keep-calls",
  ]

  @Test func `every example of the help runs`() async throws {
    var examples: Set<Example> = []
    for tool in ["ush", "pup", "pupmapper", "pupcc"] {
      examples.formUnion(try await Self.examples(ofHelp: [tool]))
    }
    let help = try await Self.output(of: ["ush"])
    let commands = help.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS:") }.dropFirst()
      .prefix { $0.hasPrefix("  ") }.filter { !$0.hasPrefix("   ") && !$0.hasPrefix("  See ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(commands.count >= 12)
    for command in commands {
      let found = try await Self.examples(ofHelp: ["ush", command])
      #expect(!found.isEmpty, "ush \(command) --help shows no example")
      examples.formUnion(found)
    }
    try await Self.run(examples)
  }

  @Test(arguments: ["ush", "pup", "pupmapper", "pupcc"])
  func `every example of a man page runs`(_ tool: String) async throws {
    let page = contents(of: "\(Surroundings.repository)/docs/man/\(tool).1")
    let lines = page.split(separator: "\n").map(String.init)
    let examples = lines.drop { $0 != ".Sh EXAMPLES" }.filter { !$0.hasPrefix(".") }
      .filter(Self.isExample)
    #expect(!examples.isEmpty)
    try await Self.run(Set(examples.map { Example(line: $0, source: "\(tool)(1)") }))
  }

  @Test func `every example of the README runs`() async throws {
    let lines = contents(of: "\(Surroundings.repository)/README.md").split(separator: "\n")
    let examples = lines.filter { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }
      .filter(Self.isExample)
    #expect(examples.count >= 4)
    try await Self.run(Set(examples.map { Example(line: $0, source: "README") }))
  }

  private static func isExample(_ line: String) -> Bool {
    tools.contains(String(line.split(separator: " ").first ?? ""))
  }

  private static func output(of words: [String]) async throws -> String {
    let outcome = try await Command(
      Surroundings.tool(words[0]), words.dropFirst() + ["--help"]
    ).run()
    #expect(outcome.status == 0, "\(outcome.summary)")
    return outcome.output
  }

  /// The indented lines of a help text that begin with one of our tools, without what is explained
  /// behind three spaces or more.
  private static func examples(ofHelp words: [String]) async throws -> Set<Example> {
    let text = try await output(of: words)
    return Set(
      text.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.contains("Usage:") }
        .map { String($0.drop { $0 == " " }) }.filter(isExample)
        .map { $0.replacing(/\ {2,}[^ ].*$/, with: "") }
        .map { Example(line: $0, source: words.joined(separator: " ") + " --help") })
  }

  private static func run(_ examples: Set<Example>) async throws {
    let workshop = try await Workshop()
    defer { workshop.close() }
    for example in examples.sorted(by: { $0.testDescription < $1.testDescription }) {
      try await workshop.run(example)
    }
  }
}

/// Builds what the examples need once, and gives each a copy.
private struct Workshop {
  private let old: String
  private let new: String

  private let folder: String

  init() async throws {
    folder = try temporaryFolder(named: "examples")
    (old, new) = ("\(folder)/1/shop", "\(folder)/2/shop")
    let fixture = "\(Surroundings.repository)/fixtures/pizza"
    for version in ["1", "2"] {
      let place = "\(folder)/\(version)"
      _ = unsafe mkdir(place, 0o700)
      try write(bytes(of: "\(fixture)/pizza\(version).c"), to: "\(place)/shop.c")
      try write(bytes(of: "\(fixture)/pizza.h"), to: "\(place)/pizza.h")
      let outcome = try await Command(
        Surroundings.tool("pupcc"), ["-O2", "-o", "shop", "shop.c"], directory: place
      ).run()
      try #require(outcome.status == 0, "\(outcome.summary)")
    }
  }

  func close() { removeFolder(folder) }

  func run(_ example: ExampleTests.Example) async throws {
    try await withSandbox { sandbox in
      try furnish(sandbox)
      let words = example.line.split(separator: " ").map(String.init)
      let starts = ["run", "attach", "cancel"].contains { example.line.contains("\($0) ") }
      if !starts, words[0] == "ush" {
        let name = words.contains("server") ? "server" : "shop"
        _ = try await sandbox.run(name, "\(sandbox.folder)/\(name)")
      }
      if example.line.contains(".delta") { try await writeCompanions(sandbox) }
      var environment = sandbox.environment(adding: ["PIZZA_MS": "20"])
      environment["PATH"] = "\(Surroundings.tools):\(environment["PATH"] ?? "")"
      // This host stands for the other one.
      let hosts = example.line.contains("web1") ? try await SSHHosts(sandbox) : nil
      try await hosts?.add(
        "web1",
        settings: [
          "PUP_RUNTIME_DIR": sandbox.runtimeFolder, "XDG_STATE_HOME": "\(sandbox.folder)/state",
        ])
      environment.merge(hosts?.environment ?? [:]) { $1 }
      defer { withExtendedLifetime(hosts) {} }
      var line = example.line
      if words.contains("attach") { line = try await abandon(sandbox, line) }
      if words.contains("cancel") { try await leaveWaiting(sandbox) }
      // What goes on until the program ends is ended with it.
      let isEndless = words[0] == "pup" && !words.contains("--help")
      let follows = words.contains("-f") && words.contains("logs") || words.contains("watch")
      let started = try Command(
        "/bin/sh", ["-c", line], environment: environment, directory: sandbox.folder,
        timeout: .seconds(60)
      ).start()
      if isEndless || follows {
        await pause(.milliseconds(500))
        #expect(started.isRunning, "\(example.testDescription): \(started.output)")
        if follows { _ = try await sandbox.ush("stop", "shop") } else { started.kill() }
      }
      #expect(await eventually(within: .seconds(60)) { !started.isRunning })
      let outcome = started.outcome(timedOut: false)
      // With --wait 0, what still waits is exit status 1.
      let expected: Set<Int32> = example.line.contains("--wait 0") ? [0, 1] : [0]
      #expect(
        isEndless || expected.contains(outcome.status),
        "\(example.testDescription): \(outcome.summary)")
    }
  }

  private func writeCompanions(_ sandbox: Sandbox) async throws {
    let outcome = try await Command(
      Surroundings.tool("pupcc"), ["--companions", "-O2", "-o", "shop", "shop.c"],
      directory: sandbox.folder
    ).run()
    #expect(outcome.status == 0, "\(outcome.summary)")
  }

  private func furnish(_ sandbox: Sandbox) throws {
    let fixture = "\(Surroundings.repository)/fixtures/pizza"
    func put(_ source: String, _ name: String) throws {
      try write(bytes(of: source), to: "\(sandbox.folder)/\(name)")
    }
    for (source, names) in [(old, ["shop", "server"]), (new, ["shop-2"])] {
      for name in names {
        try put(source, name)
        _ = unsafe chmod("\(sandbox.folder)/\(name)", 0o755)
      }
    }
    try put("\(fixture)/pizza1.c", "shop.c")
    try put("\(fixture)/pizza1.c", "server.c")
    try put("\(fixture)/pizza.h", "pizza.h")
    try write(Array("int unused_by_server;\n".utf8), to: "\(sandbox.folder)/net.c")
    try put("\(fixture)/pizza2.changes", "shop.changes")
    try write(Array("status shop\n".utf8), to: "\(sandbox.folder)/steps.ush")
    try write(
      Array("all: server\nserver: server.c\n\t$(CC) $(CFLAGS) -o $@ server.c\n".utf8),
      to: "\(sandbox.folder)/Makefile")
  }

  /// Starts a program and an update of it that cannot be finished for long.
  private func leaveWaiting(_ sandbox: Sandbox) async throws {
    let held = try await bothVersions(of: Build("held"))
    let program = try await sandbox.run("shop", held.old, environment: ["HOLD_MS": "100000"])
    let (_, report) = try await program.update(to: held.new, "--wait", "0")
    #expect(report.result == "waiting")
  }

  /// Leaves a program without a pup; the number in an example stands for its process.
  private func abandon(_ sandbox: Sandbox, _ line: String) async throws -> String {
    let program = try await sandbox.run("shop", "\(sandbox.folder)/shop")
    let pup = try await sandbox.status(of: "shop").pup.pid ?? 0
    signal(.kill, to: pup)
    #expect(try await eventually { try await sandbox.status(of: "shop").state == "lost" })
    return line.replacing(/\ \d+$/, with: " \(program.process.pid)")
  }
}
