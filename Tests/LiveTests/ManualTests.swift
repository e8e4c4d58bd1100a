import TestSupport
import Testing

/// Man pages and completions, as the programs that read them see them.
@Suite struct ManualTests {
  @Test(arguments: ["ush", "pup", "pupmapper", "pupcc"])
  func `a man page is sound, and names every option and command`(_ tool: String) async throws {
    let page = "\(Surroundings.repository)/docs/man/\(tool).1"
    let outcome = try await Command(
      "/usr/bin/groff", ["-mdoc", "-ww", "-Tascii", "-P-cbou", page]
    ).run()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    let help = try await Command(Surroundings.tool(tool), ["--help"]).run()
    #expect(help.status == 0)
    let options = help.output.matches(of: /(?m)^ +(?:-., )?(--[a-z][a-z-]+)/).map {
      String($0.output.1)
    }
    let commands = help.output.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS:") }
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.hasPrefix("  See ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    let common: Set = ["--help", "--version", "--pupcc-help"]
    for word in Set(options).subtracting(common).union(commands) {
      #expect(outcome.output.contains(word), "\(tool)(1) does not mention \(word)")
    }
  }

  @Test(arguments: ["ush", "pup", "pupmapper"])
  func `each shell is given completions`(_ tool: String) async throws {
    for shell in ["bash", "zsh", "fish"] {
      let outcome = try await Command(
        Surroundings.tool(tool), ["--generate-completion-script", shell]
      ).run()
      #expect(outcome.status == 0 && outcome.output.contains(tool), "\(shell): \(outcome.summary)")
    }
  }

  @Test func `bash completes commands and the names of programs`() async throws {
    try await withSandbox { sandbox in
      let old = try await FixtureBuilder.shared.built(Build("pizza")).executable
      _ = try await sandbox.run("oven-1", old)
      let line = """
        source <(ush --generate-completion-script bash)
        COMP_WORDS=(ush stat); COMP_CWORD=1; COMP_LINE='ush stat'; COMP_POINT=8; COMP_TYPE=9
        _ush ush stat ush; echo "${COMPREPLY[@]}"
        COMP_WORDS=(ush status ov); COMP_CWORD=2; COMP_LINE='ush status ov'; COMP_POINT=13
        _ush ush ov status; echo "${COMPREPLY[@]}"
        """
      var environment = sandbox.environment()
      environment["PATH"] = "\(Surroundings.tools):\(environment["PATH"] ?? "")"
      let outcome = try await Command(
        "/bin/bash", ["-c", line], environment: environment, directory: sandbox.folder
      ).run()
      #expect(
        outcome.output.contains("status") && outcome.output.contains("oven-1"), "\(outcome.summary)"
      )
    }
  }
}
