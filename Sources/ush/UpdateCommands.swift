import ArgumentParser
import PupProtocol
import UshKit

struct Update: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings a running program to another version.",
    discussion: """
      WHAT is an executable, a changes file (the next loaded version is then meant), or the \
      number of a loaded version. If the time is over the update stays pending: exit status 1.

      EXAMPLES
        ush update shop ./shop-2
        ush update shop ./shop-2 --changes shop.changes --wait 60
        ush update shop ./shop-2 --wait 0 --json      report after the first stop
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String
  @Argument(help: "The executable, changes file or version number.", completion: .file()) var what:
    String
  @Option(help: "A changes file, which adds to what is found by comparing.") var changes: String?
  @Flag(help: "Leave out together lines and inferred groups.") var noGroups = false
  @Option(help: "Seconds to wait for what is held; 10 if absent.") var wait: Double?

  func validate() throws { try checkSeconds(wait) }

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      let request = try session.updateRequest(
        what, changes: changes, noGroups: noGroups, waitSeconds: wait)
      let report = try session.update(name, request)
      session.show(report, exit: report.exit)
      return report.exit
    }
  }
}

struct Wait: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Waits until a pending update is complete.",
    discussion: """
      EXAMPLES
        ush wait shop
        ush wait shop 60
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String
  @Argument(help: "Seconds; as long as it takes if absent.") var seconds: Double?

  func validate() throws { try checkSeconds(seconds) }

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      let report = try session.wait(name, seconds: seconds)
      session.show(report, exit: report.exit)
      return report.exit
    }
  }
}

struct Cancel: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Undoes a pending update.",
    discussion: """
      EXAMPLES
        ush cancel shop
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      let report = try session.cancel(name)
      let exit: ExitClass = report.result == .undone ? .done : report.exit
      session.show(report, exit: exit)
      return exit
    }
  }
}

struct Load: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Loads a version into a pup, without running it.",
    discussion: """
      EXAMPLES
        ush load shop ./shop
        ush load shop shop.delta shop.pup.o     the executable shop lies beside them
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String
  @Argument(help: "An executable, or a delta and an object.", completion: .file()) var files:
    [String]

  func validate() throws {
    guard files.count == 1 || files.count == 2 && files.contains(where: { $0.hasSuffix(".delta") })
    else { throw ValidationError("give an executable, or x.delta and x.pup.o") }
  }

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      let loaded = try session.load(name, files)
      if output.json {
        session.console.printJSON(loaded)
      } else {
        session.console.print(
          "\(loaded.program): version \(loaded.version) loaded, \(loaded.procedures) procedures")
      }
      return .done
    }
  }
}

struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints a program's events as they happen, until it ends.",
    discussion: """
      EXAMPLES
        ush watch shop
        ush watch shop --json     a JSON document for each event
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      try session.watch(name)
      return .done
    }
  }
}

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two versions of a program.",
    discussion: """
      Prints a changes file. Differences are no failure.

      EXAMPLES
        ush diff ./shop ./shop-2
        ush diff ./shop ./shop-2 --header -o shop-maps.h     declarations for a maps file
      """)

  @OptionGroup var output: Output
  @Argument(help: "The old executable.", completion: .file()) var old: String
  @Argument(help: "The new executable.", completion: .file()) var new: String
  @Flag(help: "Write the header that a maps file includes.") var header = false
  @Option(name: .short, help: "The file to write to.") var out: String?

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      let request = DiffRequest(
        old: absolutePath(old), new: absolutePath(new), wantsHeader: header)
      try printDifferences(request, to: out, session.console, using: differ)
      return .done
    }
  }
}

/// Seconds on a command line: finite and not negative.
private func checkSeconds(_ seconds: Double?) throws {
  guard let seconds else { return }
  guard seconds.isFinite, seconds >= 0 else {
    throw ValidationError("'\(seconds)' is no number of seconds")
  }
}
