import ArgumentParser
import FoundationEssentials
import Glibc
import PupKit
import PupProtocol

/// `pup`: the update processor of one program.
@main
struct Pup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pup",
    abstract: "Runs a program so that it can be updated while it runs.",
    discussion: """
      With a program after --, runs it in the foreground: same terminal, same exit status; SIGTERM \
      is passed on. Without one, waits until ush loads and runs one.

      EXAMPLES
        pup shop -- ./shop --port 80    as a service manager would start it
        pup shop --debug                then, elsewhere: ush load shop ./shop; ush run shop
        ush run shop ./shop             starts a pup of its own, in the background
      """,
    version: ProductVersion.text)

  @Argument(help: "The program's name, by which ush finds it.")
  var name: String

  @Flag(help: "Print each event, and each primitive that an update carries out.")
  var debug = false

  @Argument(parsing: .postTerminator, help: "The program and its arguments.")
  var command: [String] = []

  @Flag(help: .hidden) var detached = false
  @Option(help: .hidden) var adopt: Int?
  @Option(help: .hidden) var log: String?
  @Option(help: .hidden) var reportFd: Int32 = -1

  static func main() async {
    await checkSelf(Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try parseAsRoot()
      guard let pup = command as? Pup else {
        try command.run()
        return
      }
      Glibc.exit(await pup.host())
    } catch {
      let code = exitCode(for: error)
      guard code != .success else { exit(withError: error) }
      complain(message(for: error))
      Glibc.exit(ExitClass.malformed.rawValue)
    }
  }

  /// Ends here if all that is asked for is whether we may do our work (`ush doctor`).
  private static func checkSelf(_ arguments: [String]) async {
    switch arguments {
    case ["--self-check"]:
      let report = SelfCheckReport(findings: await SelfCheck.findings())
      guard let data = try? JSONEncoder().encode(report) else { Glibc.exit(1) }
      print(String(decoding: data, as: UTF8.self))
      Glibc.exit(0)
    case ["--self-check-target"]: SelfCheck.sleep()
    default: return
    }
  }

  func validate() throws {
    guard adopt == nil || command.isEmpty else {
      throw ValidationError("a process is adopted or started, not both")
    }
  }

  /// The exit status: the target's in the foreground, ours otherwise.
  private func host() async -> Int32 {
    do throws(ServiceFailure) {
      let exit = try await hosted()
      return detached ? 0 : leave(as: exit)
    } catch {
      Self.complain(error.message)
      return error.exit.rawValue
    }
  }

  private func hosted() async throws(ServiceFailure) -> Int? {
    try ProgramRecord.check(name)
    let (runtime, state) = try directories()
    if command.isEmpty, !detached {
      Self.write("program update processor \(ProductVersion.sentence)\n")
      Self.write("      running under \(ProductVersion.system) for program \(name)\n")
    }
    let service = try makeService(name: name, state: state, isDebugging: debug)
    let settings = ProgramHost.Settings(
      name: name, start: try start(), isDetached: detached, reportDescriptor: reportFd,
      onEvent: { [self] event in
        guard shows(event) else { return }
        for line in event.lines { Self.write("\(line)\n") }
      })
    return try await ProgramHost(settings, in: runtime, service: service).run()
  }

  /// With `--debug`, what an update does, step by step; on a terminal of our own, what became of it.
  private func shows(_ event: ProgramEvent) -> Bool {
    switch event.kind {
    case .primitive, .user: debug
    case .exited, .undone, .refused: debug || (command.isEmpty && !detached)
    case .started, .completed: !debug && command.isEmpty && !detached
    default: false
    }
  }

  private func directories() throws(ServiceFailure) -> (RuntimeDirectory, StateDirectory) {
    do throws(TalkFailure) {
      return (try RuntimeDirectory(), try StateDirectory())
    } catch {
      throw error.asServiceFailure
    }
  }

  private func start() throws(ServiceFailure) -> ProgramHost.Start {
    if let adopt { return .adopt(AttachRequest(pid: adopt, log: log)) }
    guard let program = command.first else { return .idle }
    return .run(
      RunRequest(
        path: try ExecutablePath.find(program), arguments: command, log: log))
  }

  /// Ends by the signal that ended the target, if that is harmless, so that the parent sees it.
  private func leave(as exit: Int?) -> Int32 {
    guard let exit else { return 0 }
    let signal = Int32(exit - 128)
    if [SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGKILL].contains(signal) {
      Glibc.signal(signal, SIG_DFL)
      kill(getpid(), signal)
    }
    return Int32(exit)
  }

  private static func complain(_ text: String) {
    guard let line = text.split(separator: "\n").first else { return }
    write("pup: \(line)\n")
  }

  private static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.write(2, bytes, bytes.count)
  }
}
