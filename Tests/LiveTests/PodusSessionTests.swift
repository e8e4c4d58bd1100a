import TestSupport
import Testing

/// The sessions of the paper's section 6, typed into terminals and compared line by line.
@Suite(.timeLimit(.minutes(5))) struct PodusSessionTests {
  /// Which update is typed, in which pizza, and what both tools then say.
  struct Session: Sendable, CustomTestStringConvertible {
    var changes: String
    var pizza: Int
    var update: [String]
    var trace: [String]
    var testDescription: String { changes }
  }

  private static let begin = [
    "Update of program x from version 1 to version 2 begins...",
    "4 procedures have changed between versions:",
    "do_pizza", "set_oven_temp", "mix_ingredients", "bake_pizza",
    "program x runtime stack backtrace:", "do_pizza", "main",
    "warped 1 unchanged procedures into version space 2",
    "computed inactive procedures:",
  ]
  private static let end = [
    "enabled procedure return interrupts", "Program x update initiated successfully",
    "*** Program x updated to version 2 successfully ***",
  ]

  static let sessions = [
    Session(
      changes: "pizza2.changes", pizza: 6,
      update: begin + [
        "set_oven_temp", "mix_ingredients", "bake_pizza",
        "warped 3 changed procedures into version space 2",
      ] + end,
      trace: [
        "INTERRUPT! (pup state: 2) received command UPDATE", "GET RTS", "SET SDTE", "SET SDTE",
        "SET SDTE", "SET HRVN", "EI POP", "EOF",
        "PROCEDURE INVOCATION TERMINATED!", "GET RTS", "SET SDTE", "DI POP", "EOF",
      ]),
    Session(
      changes: "pizza2.changes.sd", pizza: 10,
      update: begin + [
        "no changed procedures could be warped to version space 2 at this time"
      ] + end,
      trace: [
        "INTERRUPT! (pup state: 2) received command UPDATE", "GET RTS", "SET HRVN", "EI POP",
        "EOF",
        "PROCEDURE INVOCATION TERMINATED!", "GET RTS", "SET SDTE", "SET SDTE", "SET SDTE",
        "SET SDTE", "DI POP", "EOF",
      ]),
  ]

  @Test(arguments: sessions) func `the paper's session`(_ session: Session) async throws {
    try await withSandbox { sandbox in
      try await Self.build(in: sandbox)
      let slow = ["PIZZA_MS": "350"]
      let pup = try await Terminal(sandbox, "pup x --debug", named: "pup", environment: slow)
      #expect(await pup.shows("program update processor version"))
      #expect(await pup.shows("for program x"))
      let ush = try await Terminal(sandbox, "ush", named: "ush", rows: 120)
      #expect(await ush.waits(at: ">"))
      try await Self.load(ush)
      try await ush.type("run")
      #expect(await ush.shows("Program x is now running"))
      // The ingredients have been mixed, and the pizza is on its way to the oven.
      #expect(
        await pup.shows("pizza \(session.pizza) contains 0.75 lb dough", within: .seconds(60)))
      try await ush.type("update \(session.changes)")
      #expect(await ush.shows("*** Program x updated"))
      #expect(await pup.shows("TC pizza number \(session.pizza + 1) preparation complete"))
      let shown = await ush.lines().filter { !$0.hasPrefix("  ") || $0.hasPrefix("    ") }
      let host = contents(of: "/proc/sys/kernel/hostname").filter { $0 != "\n" }
      try compare(
        shown.drop { !$0.hasPrefix("> program x") },
        Self.loading(host) + ["> update \(session.changes)"] + session.update)
      try compare(await pup.lines().filter { $0.hasPrefix("pup: ") }, Self.trace(session))
      try Self.checkPizzas(await pup.lines(), session)
    }
  }

  private static func build(in sandbox: Sandbox) async throws {
    let fixture = "\(Surroundings.repository)/fixtures/pizza"
    for file in ["pizza2.changes", "pizza2.changes.sd"] {
      try write(bytes(of: "\(fixture)/\(file)"), to: "\(sandbox.folder)/\(file)")
    }
    for version in ["pizza1", "pizza2"] {
      let outcome = try await Command(
        Surroundings.tool("pupcc"),
        ["--companions", "-O2", "-o", version, "\(fixture)/\(version).c"],
        directory: sandbox.folder
      ).run()
      try #require(outcome.status == 0, "\(outcome.summary)")
    }
  }

  private static func load(_ ush: Terminal) async throws {
    for (line, answer) in [
      ("program x", "The current program is now x"), ("connect", "is new"),
      ("load 1 pizza1.delta pizza1.pup.o", "Version 1 of program x loaded successfully"),
      ("load 2 pizza2.delta pizza2.pup.o", "Version 1 mprocedures loaded successfully"),
    ] {
      try await ush.type(line)
      #expect(await ush.shows(answer))
    }
  }

  /// What the screen has from `program x` to `run`; `N` and `A` stand for a number and an address.
  private static func loading(_ host: String) -> [String] {
    let place = "loading at address A in pup x's address space on host \(host)"
    func head(_ version: Int) -> [String] {
      [
        "> load \(version) pizza\(version).delta pizza\(version).pup.o", "Load sequence begins...",
        "extracted updatable procedures from delta file pizza\(version).delta",
        "program x has 5 updatable procedures",
        "program x's procedures registered with pup name service on host \(host)",
        "delta* computed for 5 procedures in x:",
        "    0 1 1 1 1", "    0 0 1 1 1", "    0 0 0 0 0", "    0 0 0 0 0", "    0 0 0 0 0",
        "program object code image requires N bytes", "program \(place)",
        "program linking complete", "loaded VMC segment descriptor table into \(host)'s VMC",
        "copying code to pup... complete",
      ]
    }
    func map(_ kind: String) -> [String] {
      [
        "\(kind) object code image requires N bytes", "\(kind) \(place)",
        "\(kind) linking complete", "copying code to pup... complete",
      ]
    }
    return [
      "> program x", "The current program is now x", "> connect",
      "Connected to pup for program x on host \(host)",
      "Pup for program x on host \(host) is new",
    ] + head(1) + [
      "no interprocedures loaded for version 1", "no mprocedures loaded for version 1",
      "Version 1 of program x loaded successfully",
    ] + head(2) + map("iproc") + map("mproc") + [
      "Version 2 of program x loaded successfully",
      "Version 1 interprocedures loaded successfully",
      "Version 1 mprocedures loaded successfully", "> run", "Program x is now running",
    ]
  }

  private static func trace(_ session: Session) -> [String] {
    ["pup: INTERRUPT! (pup state: 0) received command RUN"]
      + session.trace.map { line in
        line.contains("!") ? "pup: \(line)" : "pup: UPDATE dispatcher received command \(line)"
      }
  }

  private static func checkPizzas(_ lines: [String], _ session: Session) throws {
    let pizza = session.pizza
    #expect(lines.contains { $0.hasPrefix("Execution begins at address 0x") })
    let isPlain = session.changes == "pizza2.changes"
    #expect(lines.contains("TC pizza \(pizza) baked for 15 minutes") == isPlain)
    #expect(lines.contains("pizza \(pizza) baked for 10 minutes") == !isPlain)
    #expect(lines.contains("pizza number \(pizza) preparation complete"))
    #expect(lines.contains("TC pizza number \(pizza + 1) preparation begins..."))
  }

  /// Compares what was shown with what the paper shows, line by line.
  private func compare(
    _ shown: some Sequence<String>, _ expected: [String],
    _ place: SourceLocation = #_sourceLocation
  ) throws {
    let lines = shown.map { line in
      line.replacing(/requires \d+ bytes/, with: "requires N bytes")
        .replacing(/address 0x[0-9a-f]+ in/, with: "address A in")
    }.filter { !$0.isEmpty && $0 != ">" }
    for (number, line) in expected.enumerated() {
      let found = number < lines.count ? lines[number] : "nothing"
      try #require(
        found == line, "line \(number + 1) of:\n\(lines.joined(separator: "\n"))",
        sourceLocation: place)
    }
  }
}
