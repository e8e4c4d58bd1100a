import ArgumentParser
import FoundationEssentials
import Glibc
import MapperKit
import PupProtocol

/// `pupmapper`: serves one runtime directory; started by `pup` and `ush` when none runs.
@main
struct PupMapper: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pupmapper",
    abstract: "Maps the names of this user's programs to their pups.",
    discussion: """
      pup and ush start it when they need it, and it ends when no program is registered. \
      It need not be started by hand.
      """)

  @Option(help: "The runtime directory, instead of the one that the environment names.")
  var directory: String?

  @Option(help: ArgumentHelp("Seconds without need until it ends.", visibility: .hidden))
  var idleSeconds = 30.0

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      guard code != .success else { exit(withError: error) }
      complain(message(for: error))
      Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
    }
  }

  func run() throws {
    var environment = ProcessInfo.processInfo.environment
    if let directory { environment["PUP_RUNTIME_DIR"] = directory }
    do throws(TalkFailure) {
      let mapper = Mapper(
        try RuntimeDirectory(environment: environment), idleTime: .seconds(idleSeconds))
      _ = try mapper.run()
    } catch {
      Self.complain(error.asServiceFailure.message)
      throw ExitCode(error.asServiceFailure.exit.rawValue)
    }
  }

  private static func complain(_ line: String) {
    guard !line.isEmpty else { return }
    let text = Array("pupmapper: \(line.split(separator: "\n").first ?? "")\n".utf8)
    _ = unsafe write(2, text, text.count)
  }
}
