import ArgumentParser

/// `ush -c CMD…` and `ush -f FILE`, which no subcommand's own `-f` is mistaken for.
struct Script: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ush",
    abstract: "Carries out commands; the first that fails ends it.")

  @Option(
    name: .customShort("f", allowingJoined: true),
    help: ArgumentHelp("A file of commands, one a line; # begins a comment.", valueName: "file"))
  var file: String?

  @Option(
    name: .customShort("c", allowingJoined: true),
    help: ArgumentHelp("A command; may be given several times.", valueName: "command"))
  var commands: [String] = []

  /// Whether a command line begins with `-c` or `-f`.
  static func isMeant(by arguments: [String]) -> Bool {
    arguments.first.map { $0.hasPrefix("-c") || $0.hasPrefix("-f") } ?? false
  }

  func run() throws {
    if let file { try LineRunner.runFile(file) }
    for command in commands { try LineRunner.run(command, from: "-c") }
  }
}
