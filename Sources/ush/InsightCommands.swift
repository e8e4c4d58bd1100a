import ArgumentParser
import PupProtocol
import UshKit

struct Stack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what each thread of a program is doing.",
    discussion: """
      Stops the program once, for as long as it takes to read its stacks. Innermost frames come \
      first. A frame's version is that which brought its code; old means that calls lead to newer \
      code already; a resident frame never returns and holds no update back.

      EXAMPLES
        ush stack shop
        ush stack shop --json
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.") var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.show(try session.stack(of: name))
      return .done
    }
  }
}
