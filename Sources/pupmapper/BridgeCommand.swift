import ArgumentParser
import FoundationEssentials
import PupProtocol

/// `pupmapper bridge`: what ush runs on another host, through ssh.
struct BridgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bridge",
    abstract: "Gives a user of another host the way to this user's programs.",
    discussion: """
      Speaks Varlink on standard input and output; ush runs it through ssh. Ends with its input.

      EXAMPLES
        ssh web1 pupmapper bridge
        ush status shop@web1          runs that
      """)

  func run() throws {
    try serving { () throws(TalkFailure) in
      let environment = ProcessInfo.processInfo.environment
      let bridge = try Bridge(
        try RuntimeDirectory(environment: environment), from: Bridge.origin(environment))
      bridge.run()
    }
  }
}
