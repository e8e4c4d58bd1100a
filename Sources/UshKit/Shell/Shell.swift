import Comparing
import Glibc
import LineEditing
package import PupProtocol

/// The updating shell: PODUS's commands for one current program, and every one-line command.
///
/// The same lines come from a terminal, a file, a pipe or the command line.
package final class Shell {
  /// Carries out a one-line command, printing its failure.
  package typealias Runner = ([String]) -> ExitClass

  let console: Console
  private let runOneLine: Runner
  /// Whether somebody sits at a terminal, so that an update need not be waited for.
  private(set) var isInteractive = false
  private var hasQuit = false

  var current: ProgramAddress?
  let hosts = ConnectedHosts()
  var notices: NoticeQueue?
  private var feeds: [ProgramAddress: NoticeFeed] = [:]

  package init(_ console: Console, runOneLine: @escaping Runner) {
    self.console = console
    self.runOneLine = runOneLine
  }

  // MARK: - Lines

  /// Carries out one line; `place` names it in an error about its form.
  ///
  /// - Returns: how it ended; its failure has been printed.
  package func execute(_ line: String, from place: String? = nil) -> ExitClass {
    do throws(ServiceFailure) {
      let words = try WordSplitter.words(of: line)
      guard let name = words.first else { return .done }
      try ShellCommand.checkKnown(name)
      return try carryOut(words)
    } catch {
      let isForm = ["unclosed-quote", "usage"].contains(error.code)
      let prefix = isForm ? place.map { "\($0): " } ?? "" : ""
      console.complain(prefix + error.message)
      return error.exit
    }
  }

  /// Carries out lines until one fails.
  package func execute(lines: some Sequence<(place: String, text: String)>) -> ExitClass {
    for line in lines {
      let exit = execute(line.text, from: line.place)
      guard exit == .done else { return exit }
      if hasQuit { break }
    }
    return .done
  }

  private func carryOut(_ words: [String]) throws(ServiceFailure) -> ExitClass {
    let arguments = Array(words.dropFirst())
    // PODUS's prints are for people.
    let isPlain = arguments.contains("--help") || arguments.contains("--json")
    switch words[0] {
    case "program": try choose(arguments)
    case "connect": try connect(arguments)
    case "disconnect": try disconnect(arguments)
    case "help" where arguments.isEmpty: showHelp()
    case "quit", "exit": hasQuit = true
    case "help": return help(arguments[0])
    case "load" where current != nil && !isPlain: return try load(words)
    case "run" where current != nil && !isPlain: return try run(arguments)
    case "update" where current != nil && !isPlain: return try update(words)
    default: return runOneLine(current.map { ShellCommand.words(words, for: $0.text) } ?? words)
    }
    return .done
  }

  // MARK: - A terminal

  /// Talks with somebody at a terminal until he leaves; `nil` if there is none.
  package func interact() -> ExitClass? {
    guard let editor = LineEditor(program: "ush") else { return nil }
    isInteractive = true
    let history = ShellHistory()
    do throws(ServiceFailure) {
      let signals = try Interruptions.install()
      let queue = try NoticeQueue()
      notices = queue
      prepare(editor, signals, queue)
    } catch {
      console.complain(error.message)
      return error.exit
    }
    console.print("Updating System Shell \(ProductVersion.sentence)")
    console.print("      running under \(ProductVersion.system) on host \(ProductVersion.host)")
    history.lines().forEach { editor.remember($0) }
    let completer = ShellCompletion(self)
    editor.completion = { completer.completion(of: $0) }
    while !hasQuit, let line = nextLine(editor) {
      guard !line.allSatisfy(\.isWhitespace) else { continue }
      editor.remember(line)
      history.add(line)
      _ = execute(line)
    }
    return .done
  }

  private func prepare(_ editor: LineEditor, _ signals: SignalSource, _ queue: NoticeQueue) {
    editor.watched = [signals.descriptor, queue.descriptor]
    editor.onReadable = { [console] descriptor in
      guard descriptor == signals.descriptor else {
        return .lines(queue.take().map { console.painted($0, .bold) })
      }
      switch signals.next(timeout: .zero) {
      case SIGINT?: return .givenUp
      case SIGWINCH?: return .resized
      case nil: return .lines([])
      default: return .end
      }
    }
  }

  /// The next line that was meant; `nil` once there will be none.
  private func nextLine(_ editor: LineEditor) -> String? {
    while true {
      for notice in notices?.take() ?? [] { console.print(console.painted(notice, .bold)) }
      // What was pressed while a command ran was for that.
      while let signal = Interruptions.ofShell?.next(timeout: .zero) {
        if signal == SIGHUP || signal == SIGTERM { return nil }
      }
      Interruptions.ofShell?.include(SIGWINCH)
      let line = editor.line(prompt: "> ")
      signal(SIGWINCH, SIG_DFL)
      switch line {
      case .text(let text): return text
      case .givenUp: continue
      case .end:
        console.print("")
        return nil
      }
    }
  }

  // MARK: - Notices

  /// From now on tells what happens to a program, if somebody is there to be told.
  func follow(_ program: ProgramAddress) throws(ServiceFailure) {
    guard let notices else { return }
    feeds[program]?.close()
    let hosts = hosts
    feeds[program] = try NoticeFeed(program.text, into: notices) { hosts.shownName(of: program) }
  }

  func unfollow(_ program: ProgramAddress) {
    feeds.removeValue(forKey: program)?.close()
  }

  var isFollowing: Bool { notices != nil }

  // MARK: - Help

  private func showHelp() {
    let widest = ShellCommand.all.map(\.name.count).max() ?? 0
    for command in ShellCommand.all {
      let space = String(repeating: " ", count: widest - command.name.count + 2)
      console.print(
        "  " + console.painted(command.name, .bold) + space + command.summary)
    }
    console.print("")
    console.print(
      "With a current program, its name may be left out. Tab completes, Ctrl-R searches.")
  }

  private func help(_ topic: String) -> ExitClass {
    let name = topic == "exit" ? "quit" : topic
    guard let command = ShellCommand.all.first(where: { $0.name == name }) else {
      let near = Suggestion.nearest(to: topic, among: ShellCommand.all.map(\.name))
      console.complain(
        "no help on ‘\(topic)’" + (near.map { "; did you mean ‘\($0)’?" } ?? ""))
      return .malformed
    }
    console.print("\(command.usage)")
    console.print("  \(command.summary)")
    guard !ShellCommand.onlyOfShell.contains(command.name) else { return .done }
    console.print("")
    console.print("As a one-line command:")
    return runOneLine([command.name, "--help"])
  }
}
