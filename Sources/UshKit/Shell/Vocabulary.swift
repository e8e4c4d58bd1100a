import Comparing
package import PupProtocol

/// A command of the interactive shell, as help and completion know it.
package struct ShellCommand: Hashable, Sendable {
  /// What an argument can be completed to.
  package enum Argument: Hashable, Sendable {
    case program, host, file, version, topic, word
  }

  package let name: String
  package let usage: String
  package let summary: String
  let arguments: [Argument]

  /// All of them, in the order in which they are used.
  package static let all: [ShellCommand] = [
    .init("program", "program NAME", "make NAME the current program", [.program]),
    .init("connect", "connect [HOST]", "connect to its pup, on another host by ssh", [.host]),
    .init(
      "load", "load [N] x.delta x.pup.o | load [N] ./prog", "prepare a version",
      [.file, .file, .file]),
    .init("run", "run [ARGUMENTS]", "run what was loaded", [.file]),
    .init(
      "update", "update FILE.changes | N | ./prog [--changes F] [--no-groups]",
      "go to another version", [.file]),
    .init("status", "status [NAME]", "what it is doing, and what an update waits for", [.program]),
    .init("stack", "stack [NAME]", "the procedures that its threads are in", [.program]),
    .init(
      "graph", "graph [NAME] [./prog]", "its call graph: changed, active and held",
      [.program, .file]),
    .init("versions", "versions [NAME]", "its versions", [.program]),
    .init(
      "explain", "explain PROCEDURE [./prog]", "why it can or cannot be updated now",
      [.word, .file]),
    .init("wait", "wait [SECONDS]", "watch a pending update; Ctrl-C leaves the view", [.word]),
    .init("cancel", "cancel [NAME]", "undo a pending update", [.program]),
    .init("attach", "attach [NAME] [PID]", "give it a new pup", [.program]),
    .init("logs", "logs [-f] [NAME]", "what it has written", [.program]),
    .init("watch", "watch [NAME]", "its events as they happen", [.program]),
    .init("stop", "stop [NAME]", "end it", [.program]),
    .init("list", "list", "all programs", []),
    .init("diff", "diff A B", "compare two executables", [.file, .file]),
    .init("doctor", "doctor [NAME]", "what this machine lacks", [.program]),
    .init("disconnect", "disconnect", "leave the current program, which goes on", []),
    .init("help", "help [TOPIC]", "this list, or more on one command", [.topic]),
    .init("quit", "quit", "leave the shell; updates go on", []),
  ]

  /// What means nothing in a one-line command, which has no current program.
  static let onlyOfShell: Set = ["program", "connect", "disconnect", "quit", "exit", "help"]

  /// Checks that there is a command of that name.
  ///
  /// - Throws: `malformed("usage")`, with the nearest name.
  static func checkKnown(_ name: String) throws(ServiceFailure) {
    let names = all.map(\.name) + ["exit"]
    guard !names.contains(name) else { return }
    let near = Suggestion.nearest(to: name, among: names)
    let hint = near.map { "; did you mean ‘\($0)’?" } ?? " (help lists the commands)"
    throw .malformed("usage", "there is no command ‘\(name.prefix(64))’\(hint)")
  }

  /// Checks that a one-line command of that name can be carried out.
  ///
  /// - Throws: `malformed("usage")`, with what to do instead.
  package static func checkOneLine(_ name: String) throws(ServiceFailure) {
    guard name != "help" else { return }
    try checkKnown(name)
    guard onlyOfShell.contains(name) else { return }
    throw .malformed("usage", "\(name) belongs to the shell: ush, or ush -c '\(name) …'")
  }

  init(_ name: String, _ usage: String, _ summary: String, _ arguments: [Argument]) {
    self.name = name
    self.usage = usage
    self.summary = summary
    self.arguments = arguments
  }

  /// The words of a command that is carried out for one program, with that program in its place.
  ///
  /// - Returns: `words` themselves where they name one already, or need none.
  static func words(_ words: [String], for program: String) -> [String] {
    guard let command = words.first else { return words }
    let places = positions(of: words)
    let first = places.first.map { words[$0] }
    let isMissing =
      switch command {
      case "status", "stack", "versions", "cancel", "logs", "watch", "stop":
        places.isEmpty
      case "graph": first?.contains("/") ?? true
      case "wait", "attach": first.map { Double($0) != nil } ?? true
      case "explain": places.count == 1 || places.count == 2 && words[places[1]].contains("/")
      case "update": places.count == 1
      case "load": first.map { Int($0) != nil } ?? true
      case "run": true
      default: false
      }
    guard isMissing else { return words }
    return [command, program] + words.dropFirst()
  }

  /// The places of what is neither the command nor an option nor an option's value.
  static func positions(of words: [String]) -> [Int] {
    var places: [Int] = []
    var isValue = false
    for (place, word) in words.enumerated().dropFirst() {
      if isValue {
        isValue = false
      } else if word.hasPrefix("-"), word.count > 1 {
        isValue = ["--changes", "--wait", "-o"].contains(word)
      } else {
        places.append(place)
      }
    }
    return places
  }
}
