import ArgumentParser
import PupProtocol
import UshKit

/// `ush -c CMD…` and `ush -f FILE`, which no subcommand's own `-f` is mistaken for.
struct Script: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ush",
    abstract: "Carries out commands of the shell; the first that fails ends it.")

  @Option(
    name: .customShort("f", allowingJoined: true),
    help: ArgumentHelp(
      "A file of commands, one a line; # begins a comment; - is standard input.",
      valueName: "file"))
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
    let shell = Shell(Console(isJSON: false), runOneLine: Ush.run)
    if let file {
      try finish(shell.execute(lines: file == "-" ? Self.standardInput : try Self.lines(of: file)))
    }
    try finish(shell.execute(lines: commands.map { ("-c", $0) }))
  }

  private func finish(_ exit: ExitClass) throws {
    guard exit == .done else { throw CommandFailure(exit: exit) }
  }

  private static func lines(of path: String) throws -> AnySequence<(place: String, text: String)> {
    guard let bytes = readFile(path, limit: 16 << 20),
      let text = String(validating: bytes, as: UTF8.self)
    else {
      throw CommandFailure(
        exit: Console(isJSON: false).report(
          .malformed("missing-file", "\(path): cannot be read as text")))
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return AnySequence(lines.enumerated().lazy.map { ("\(path):\($0 + 1)", $1) })
  }

  /// The lines of standard input, each read when the one before has been carried out.
  static var standardInput: AnySequence<(place: String, text: String)> {
    AnySequence(
      sequence(state: 0) { number in
        number += 1
        return readLine().map { ("standard input:\(number)", $0) }
      })
  }
}
