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
  @Argument(help: "The program.", completion: .programs) var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.show(try session.stack(of: name))
      return .done
    }
  }
}

struct Versions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the versions of a program, and how far a pending update is.",
    discussion: """
      CODE is how many procedures run the code that a version brought: what did not change since \
      is still that of an earlier one.

      EXAMPLES
        ush versions shop
        ush versions shop --json
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.show(try session.versions(of: name))
      return .done
    }
  }
}

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says why a procedure can or cannot be updated now.",
    discussion: """
      In the pending update, or in one to WHAT, which is an executable, a changes file or the \
      number of a loaded version. Stops the program once; nothing is changed.

      EXAMPLES
        ush explain shop bake_pizza              what the pending update does with it
        ush explain shop bake_pizza ./shop-2     what an update to ./shop-2 would do now
        ush explain shop shop.c:do_pizza ./shop-2 --changes shop.changes --json
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String
  @Argument(help: "The procedure; file.c:name if there are several.") var procedure: String
  @Argument(help: "The version to compare with.", completion: .file()) var what: String?
  @Option(help: "A changes file, which adds to what is found by comparing.") var changes: String?

  func validate() throws {
    guard what != nil || changes == nil else {
      throw ValidationError("--changes takes a version to compare with")
    }
  }

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      session.show(try session.explain(name, procedure, what, changes: changes))
      return .done
    }
  }
}

struct Graph: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows which procedure calls which, and what an update does with them.",
    discussion: """
      The call graph of the running version: what the pending update, or one to WHAT, changes and \
      what has to wait, and what is active now. ~ marks calls through pointers. On a terminal a \
      tree; --dot is for GraphViz, --svg is a picture.

      EXAMPLES
        ush graph shop
        ush graph shop ./shop-2 --svg -o shop.svg
        ush graph shop --dot -o shop.dot
      """)

  @OptionGroup var output: Output
  @Argument(help: "The program.", completion: .programs) var name: String
  @Argument(help: "The version to compare with.", completion: .file()) var what: String?
  @Option(help: "A changes file, which adds to what is found by comparing.") var changes: String?
  @Flag(help: "Write GraphViz text.") var dot = false
  @Flag(help: "Write a picture.") var svg = false
  @Option(name: .short, help: "The file to write to.") var out: String?

  func validate() throws {
    guard !dot || !svg else { throw ValidationError("--dot and --svg exclude each other") }
    guard what != nil || changes == nil else {
      throw ValidationError("--changes takes a version to compare with")
    }
  }

  func run() throws {
    try output.perform { session throws(ServiceFailure) in
      let report = try session.graph(of: name, what, changes: changes)
      try session.show(report, as: dot ? .dot : svg ? .svg : .outline, to: out)
      return .done
    }
  }
}
