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
      It need not be started by hand. A service manager may hold its socket for it.

      EXAMPLES
        pupmapper                         serves this user's runtime directory
        ssh web1 pupmapper bridge         what ush runs to reach the programs of another host
      """,
    version: ProductVersion.text,
    subcommands: [BridgeCommand.self])

  @Option(help: "The runtime directory, instead of the one that the environment names.")
  var directory: String?

  @Option(help: ArgumentHelp("Seconds without need until it ends.", visibility: .hidden))
  var idleSeconds = 30.0

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as ServiceFailure {
      complain(failure.message)
      Glibc.exit(failure.exit.rawValue)
    } catch {
      let code = exitCode(for: error)
      guard code != .success else { exit(withError: error) }
      complain(message(for: error))
      Glibc.exit(ExitClass.malformed.rawValue)
    }
  }

  func run() throws {
    var environment = ProcessInfo.processInfo.environment
    if let directory { environment["PUP_RUNTIME_DIR"] = directory }
    try serving { () throws(TalkFailure) in
      let directory = try RuntimeDirectory(environment: environment)
      let passed = try PassedSocket.take(from: environment)
      try directory.becomeOwner()
      _ = try Mapper(directory, idleTime: .seconds(idleSeconds)).run(passed)
    }
  }

  private static func complain(_ line: String) {
    guard !line.isEmpty else { return }
    let text = Array("pupmapper: \(line.split(separator: "\n").first ?? "")\n".utf8)
    _ = unsafe write(2, text, text.count)
  }
}

/// Runs `body`, with a failure to talk as the failure of the command.
func serving(_ body: () throws(TalkFailure) -> Void) throws(ServiceFailure) {
  do throws(TalkFailure) {
    try body()
  } catch {
    throw error.asServiceFailure
  }
}
