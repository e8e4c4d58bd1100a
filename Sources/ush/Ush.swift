import ArgumentParser
import FoundationEssentials
import Glibc
import PupProtocol
import UshKit

/// `ush`: an interactive shell, its commands as one-liners, and scripts of them.
@main
struct Ush: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ush",
    abstract: "Updates C programs while they run.",
    discussion: """
      Without arguments: a shell on a terminal, otherwise commands from standard input.

      EXAMPLES
        ush                              the shell; help lists its commands
        ush run shop ./shop --port 80    start ./shop, built with pupcc
        ush update shop ./shop-2         bring it to the version in ./shop-2
        ush status shop                  what it is doing
        ush update shop@web1 ./shop-2    the same for a program on a host that ssh reaches
        ush list --host web1             the programs there
        ush -c 'status shop' -c 'list'   commands one after the other
        ush -f steps.ush                 a file of commands, one a line

      EXIT STATUS
        0  done
        1  cannot or may not be done now
        2  a file, an option or a line is unusable
        3  no program of that name
      """,
    version: ProductVersion.text,
    subcommands: [
      Run.self, Update.self, Status.self, List.self, Wait.self, Cancel.self, Attach.self,
      Stop.self, Logs.self, Load.self, Watch.self, Diff.self,
      Stack.self, Explain.self, Versions.self, Graph.self,
      DoctorCommand.self,
    ])

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    Glibc.exit((arguments.isEmpty ? converse() : run(arguments)).rawValue)
  }

  /// Talks with whoever sits at the terminal, or reads standard input.
  private static func converse() -> ExitClass {
    let shell = Shell(Console(isJSON: false), runOneLine: run)
    return shell.interact() ?? shell.execute(lines: Script.standardInput)
  }

  /// Carries out one command line, printing its failure; how it ended.
  static func run(_ arguments: [String]) -> ExitClass {
    do {
      if let first = arguments.first, !first.hasPrefix("-") {
        do throws(ServiceFailure) {
          try ShellCommand.checkOneLine(first)
        } catch {
          return Console(isJSON: arguments.contains("--json")).report(error)
        }
      }
      var command: any ParsableCommand =
        Script.isMeant(by: arguments)
        ? try Script.parse(arguments) : try parseAsRoot(arguments)
      try command.run()
      return .done
    } catch let failure as CommandFailure {
      return failure.exit
    } catch {
      return parsingEnded(error, arguments)
    }
  }

  /// Help is printed as it is; an error of usage is one line and the class `malformed`.
  private static func parsingEnded(_ error: any Error, _ arguments: [String]) -> ExitClass {
    let console = Console(isJSON: arguments.contains("--json"))
    guard exitCode(for: error) != .success else {
      console.print(fullMessage(for: error))
      return .done
    }
    let line = message(for: error).split(separator: "\n").first ?? "unusable arguments"
    return console.report(.malformed("usage", String(line)))
  }
}

/// A command has failed, and has said so.
struct CommandFailure: Error {
  let exit: ExitClass
}

extension Console {
  /// Prints a failure as a line on standard error, and as JSON if that was asked for.
  func report(_ failure: ServiceFailure) -> ExitClass {
    complain(failure.message)
    if isJSON { printJSON(ErrorDocument(failure)) }
    return failure.exit
  }
}

/// The options that all commands have.
struct Output: ParsableArguments {
  @Flag(help: "Print one JSON document.")
  var json = false

  @Option(help: "Where programs are that are named without one: a host, as ssh knows it.")
  var host: String?

  /// Runs a command's body in a session; prints a failure and ends with its exit status.
  func perform(_ body: (Session) throws(ServiceFailure) -> ExitClass) throws {
    let console = Console(isJSON: json)
    let exit: ExitClass
    do throws(ServiceFailure) {
      let host = try host.map { text throws(ServiceFailure) in try Host(ssh: text) }
      exit = try body(try Session(console, host: host ?? .local))
    } catch {
      exit = console.report(error)
    }
    guard exit == .done else { throw CommandFailure(exit: exit) }
  }
}
