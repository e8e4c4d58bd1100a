import TestSupport
import Testing

/// The shell as somebody at a terminal, a pipe or a script uses it.
@Suite(.timeLimit(.minutes(5))) struct ShellTests {
  private func withShell(
    columns: Int = 100, environment: [String: String] = [:],
    _ body: (Sandbox, LiveProgram, String, Terminal) async throws -> Void
  ) async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "100"])
      let ush = try await Terminal(
        sandbox, "ush", named: "ush", columns: columns, environment: environment)
      #expect(await ush.waits(at: ">"))
      try await body(sandbox, program, new, ush)
    }
  }

  @Test func `Tab completes commands, programs and files`() async throws {
    try await withShell { sandbox, _, new, ush in
      try await ush.write("prog")
      try await ush.press("Tab")
      #expect(await ush.waits(at: "> program"))
      try await ush.write("pi")
      try await ush.press("Tab")
      #expect(await ush.waits(at: "> program pizza"))
      try await ush.press("Enter")
      #expect(await ush.shows("The current program is now pizza"))
      // Two commands fit: they are listed, and the line stays.
      try await ush.write("st")
      try await ush.press("Tab")
      #expect(await ush.shows("stack   status  stop"))
      #expect(await ush.waits(at: "> st"))
      try await ush.press("C-c")
      try write(bytes(of: new), to: "\(sandbox.folder)/a new pizza")
      try await ush.write("update a")
      try await ush.press("Tab")
      #expect(await ush.waits(at: "> update a\\ new\\ pizza"))
    }
  }

  @Test func `the arrows and Ctrl-R bring back lines, also of an earlier shell`() async throws {
    try await withShell { sandbox, _, _, ush in
      try await ush.type("program pizza")
      try await ush.type("status")
      #expect(await ush.shows("pizza: running"))
      try await ush.press("Up", "Up")
      #expect(await ush.waits(at: "> program pizza"))
      try await ush.press("C-c")
      try await ush.press("C-r")
      try await ush.write("stat")
      #expect(await ush.shows("bck:stat"))
      try await ush.press("C-c")
      try await ush.press("C-d")
      let next = try await Terminal(sandbox, "ush", named: "next")
      #expect(await next.waits(at: ">"))
      try await next.press("Up")
      #expect(await next.waits(at: "> status"))
    }
  }

  @Test func `a notice comes above the line that is being typed`() async throws {
    try await withShell(columns: 40) { _, program, new, ush in
      try await ush.type("program pizza")
      try await ush.type("connect")
      #expect(await ush.shows("Connected to pup"))
      let line = "status of a line that is longer than forty columns are"
      try await ush.write(line)
      #expect(await ush.waits(at: "> \(line)"))
      // Another ush updates it meanwhile.
      let (outcome, _) = try await program.update(to: new)
      #expect(outcome.status == 0)
      #expect(await ush.shows("*** Program pizza updated to version 2 successfully ***"))
      #expect(await ush.waits(at: "> \(line)"))
      let lines = await ush.lines()
      let notice = try #require(lines.firstIndex { $0.hasPrefix("*** Program pizza") })
      #expect(lines[notice...].count == 2, "\(lines)")
    }
  }

  @Test func `names may have the letters of any script`() async throws {
    try await withShell { sandbox, _, new, ush in
      _ = try await sandbox.run("käse-ofen", new)
      try await ush.write("program kä")
      try await ush.press("Tab")
      #expect(await ush.waits(at: "> program käse-ofen"))
      try await ush.press("BSpace", "BSpace", "BSpace", "BSpace", "BSpace", "BSpace", "BSpace")
      try await ush.write("e-ofen")
      try await ush.press("Enter")
      #expect(await ush.shows("The current program is now käse-ofen"))
      try await ush.type("list")
      #expect(await ush.shows("käse-ofen  running  1"))
      #expect(await ush.shows("pizza      running  1"))
      try await ush.type("stop")
      #expect(await ush.shows("käse-ofen: ended"))
    }
  }

  @Test func `a terminal may change its size in the middle of a line`() async throws {
    try await withShell { _, _, _, ush in
      try await ush.write("help with much more text than what fits into thirty columns")
      try await ush.resize(columns: 30, rows: 20)
      try await ush.write("!")
      #expect(await ush.shows("fits into thirty columns!"))
      try await ush.resize(columns: 120, rows: 40)
      try await ush.press("C-c")
      #expect(await ush.waits(at: ">"))
      try await ush.type("program pizza")
      #expect(await ush.shows("The current program is now pizza"))
    }
  }

  @Test func `Ctrl-C leaves the view and not the update, Ctrl-D the shell`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("held"))
      let program = try await sandbox.run("held", old, environment: ["HOLD_MS": "100000"])
      let ush = try await Terminal(sandbox, "ush; echo left with $?; sleep 100", named: "ush")
      #expect(await ush.waits(at: ">"))
      try await ush.type("program held")
      try await ush.type("update \(new)")
      #expect(await ush.shows("update initiated successfully"))
      try await ush.type("wait")
      #expect(await ush.shows("waits for thread \(program.process.pid)"))
      #expect(await ush.shows(" s)"))
      try await ush.press("C-c")
      #expect(await ush.shows("the update of held goes on"))
      #expect(await ush.waits(at: ">"))
      #expect(try await sandbox.status(of: "held").state == "updating")
      try await ush.type("cancel")
      #expect(await ush.shows("undone"))
      try await ush.press("C-d")
      #expect(await ush.shows("left with 0"))
      #expect(program.process.isAlive)
    }
  }

  @Test func `a terminal that hangs up takes the shell with it and nothing else`() async throws {
    try await withShell { sandbox, program, _, ush in
      try await ush.type("program pizza")
      try await ush.type("connect")
      #expect(await ush.shows("Connected to pup"))
      #expect(!Self.shells(in: sandbox).isEmpty)
      try await ush.hangUp()
      #expect(await eventually { Self.shells(in: sandbox).isEmpty })
      #expect(await program.goesOn())
    }
  }

  private static func shells(in sandbox: Sandbox) -> [ProcessView] {
    ProcessView.all(withEnvironment: "PUP_RUNTIME_DIR=\(sandbox.runtimeFolder)").filter {
      contents(of: "/proc/\($0.pid)/comm") == "ush\n"
    }
  }

  @Test(arguments: [["NO_COLOR": "1"], ["NO_COLOR": ""]])
  func `colours are for terminals, and not with NO_COLOR`(_ more: [String: String]) async throws {
    try await withShell(environment: more) { sandbox, _, _, ush in
      try await ush.type("status pizza")
      #expect(await ush.shows("pizza: running"))
      let isColoured = await ush.rows().contains { $0.contains("\u{1b}[32mrunning") }
      #expect(isColoured == (more["NO_COLOR"] == ""))
      let piped = try await sandbox.ush("status", "pizza")
      #expect(!piped.output.contains("\u{1b}"))
    }
  }

  @Test func `a pipe, a file and -c speak the same language`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      _ = try await sandbox.run("pizza", old)
      let lines = ["program pizza  # the current one", "", "update '\(new)'", "status"]
      try write(Array(lines.joined(separator: "\n").utf8), to: "\(sandbox.folder)/steps")
      let file = try await sandbox.ush("-f", "steps")
      #expect(
        file.status == 0 && file.output.contains("4 procedures have changed"), "\(file.summary)")
      #expect(file.output.contains("*** Program pizza updated to version 2 successfully ***"))
      #expect(file.output.contains("pizza: running, version 2"))
      let json = try await sandbox.ush("-c", "program pizza", "-c", "update \(new) --json")
      #expect(json.output.contains(#""result":"already""#), "\(json.summary)")
      let words = try await sandbox.ush("-c", "program pizza", "-c", "status --json")
      #expect(words.status == 0 && words.output.contains(#""version":2"#), "\(words.summary)")
      let piped = try await shell(
        "printf 'program pizza\\nstatus\\nquit\\nstatus nothing\\n' | ush", sandbox)
      #expect(piped.status == 0 && piped.output.contains("pizza: running, version 2"))
    }
  }

  @Test func `the first line that fails ends a script, and says where and what`() async throws {
    try await withSandbox { sandbox in
      let misspelt = try await shell("printf 'list\\nlits\\nquit\\n' | ush", sandbox)
      #expect(misspelt.status == 2 && misspelt.hasOneErrorLine, "\(misspelt.summary)")
      #expect(
        misspelt.errors
          == "ush: standard input:2: there is no command ‘lits’; did you mean ‘list’?\n")
      // What comes from anywhere does not command the terminal.
      let hostile = try await shell("printf '\\033]0;x\\007\\033[2J\\n' | ush", sandbox)
      #expect(hostile.status == 2 && hostile.hasOneErrorLine, "\(hostile.summary)")
      #expect(!hostile.errors.contains("\u{1b}") && !hostile.errors.contains("\u{7}"))
      let oneLine = try await sandbox.ush("statsu", "x")
      #expect(oneLine.status == 2 && oneLine.errors.contains("did you mean ‘status’?"))
      let ofShell = try await sandbox.ush("connect", "x")
      #expect(ofShell.status == 2 && ofShell.errors.contains("belongs to the shell"))
      let none = try await sandbox.ush("-c", "update ./x")
      #expect(none.status == 2 && none.hasOneErrorLine, "\(none.summary)")
      let unknown = try await sandbox.ush("-c", "program nobody", "-c", "status")
      #expect(unknown.status == 3 && unknown.hasOneErrorLine, "\(unknown.summary)")
      let open = try await sandbox.ush("-c", "status 'x")
      #expect(open.status == 2 && open.errors.contains("-c: a quote is not closed"))
    }
  }

  @Test func `a watcher that reads nothing holds nobody up`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "1"])
      let stuck = try await Terminal(
        sandbox, "ush watch pizza --json | (sleep 1000)", named: "stuck")
      for _ in 0..<60 {
        for next in [new, old] {
          let (outcome, report) = try await program.update(to: next)
          #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
        }
      }
      try await stuck.hangUp()
      #expect(await program.goesOn())
    }
  }

  private func shell(_ line: String, _ sandbox: Sandbox) async throws -> Command.Outcome {
    var environment = sandbox.environment()
    environment["PATH"] = "\(Surroundings.tools):\(environment["PATH"] ?? "")"
    return try await Command(
      "/bin/sh", ["-c", line], environment: environment, directory: sandbox.folder
    ).run()
  }
}
