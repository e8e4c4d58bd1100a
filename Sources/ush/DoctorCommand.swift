import ArgumentParser
import PupProtocol
import UshKit

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks whether programs can be run and updated here.",
    discussion: """
      One line for each check: ok, warning, or problem, and the command that mends it. Tracing is \
      tried by pup itself, on a process of its own. With a name it also checks that program; of one on \
      another host only what its pup says. The exit status is 1 if there is a problem.

      EXAMPLES
        ush doctor
        ush doctor shop
        ush doctor --json
      """)

  @OptionGroup var output: Output
  @Argument(help: "A program to check too.", completion: .programs) var name: String?

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.console.show(try session.findings(of: name), of: name)
    }
  }
}
