import ArgumentParser
import PupProtocol
import UshKit

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Starts a program, built with pupcc, in the background.",
    discussion: """
      Returns when main was entered. Directory and environment are the caller's; output goes to a \
      file (ush logs). Options come before the program. Without a program: runs what was loaded \
      into a pup that was started by hand.

      EXAMPLES
        ush run shop ./shop --port 80
        ush run --json shop ./shop
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program's name from now on.") var name: String
  @Argument(
    parsing: .captureForPassthrough, help: "The program and its arguments.", completion: .file())
  var command: [String] = []

  func run() throws {
    var words = command
    var output = output
    if words.first == "--json" {
      output.json = true
      words.removeFirst()
    }
    if words.first == "--" { words.removeFirst() }
    try output.perform { session throws(ServiceFailure) in
      let status = try session.run(name, words)
      session.show(status)
      return .done
    }
  }
}

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a program, or each program, is doing.",
    discussion: """
      EXAMPLES
        ush status shop
        ush status shop --json
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program; all if absent.", completion: .programs) var name: String?

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      if let name {
        session.show(try session.status(of: name))
      } else {
        session.show(try session.programs())
      }
      return .done
    }
  }
}

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists all programs, also those that ended and those whose pup died.",
    discussion: """
      EXAMPLES
        ush list
        ush list --json
      """)

  @OptionGroup var output: Output

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.show(try session.programs())
      return .done
    }
  }
}

struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gives a running program a new pup.",
    discussion: """
      For a program whose pup died, or for a process that was built with pupcc and started \
      without one. Finishes or undoes what was pending, and says which.

      EXAMPLES
        ush attach shop
        ush attach shop 1234
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program's name.", completion: .programs) var name: String
  @Argument(help: "The process; the program's known one if absent.") var pid: Int?

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.show(try session.attach(name, pid: pid))
      return .done
    }
  }
}

struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends a program: SIGTERM, and SIGKILL after 10 seconds.",
    discussion: """
      Also during an update. A program that has ended already is no error.

      EXAMPLES
        ush stop shop
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.showStopped(try session.stop(name))
      return .done
    }
  }
}

struct Logs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints what a program has written, also after it has ended.",
    discussion: """
      EXAMPLES
        ush logs shop
        ush logs -f shop      go on until the program ends
      """)

  @OptionGroup var output: Output
  @Flag(name: .shortAndLong, help: "Go on with what is still written.") var follow = false
  @Argument(help: "The program.", completion: .programs) var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      try session.logs(of: name, isFollowing: follow)
      return .done
    }
  }
}
