import Glibc
import PupProtocol

/// A pup without an engine: takes the arguments that `ush` gives to a detached pup.
@main
struct ScriptedPup {
  static func main() async {
    var words = Array(CommandLine.arguments.dropFirst())
    var target: [String] = []
    if let end = words.firstIndex(of: "--") {
      target = Array(words[(end + 1)...])
      words = Array(words[..<end])
    }
    if words.first == "call", words.count > 1 {
      call(words[1])
      return
    }
    func option(_ name: String) -> String? {
      words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
    let log = option("--log")
    let start: ProgramHost.Start =
      if let pid = option("--adopt").flatMap({ Int($0) }) {
        .adopt(AttachRequest(pid: pid, log: log))
      } else if let path = target.first {
        .run(RunRequest(path: absolutePath(path), arguments: target, log: log))
      } else {
        .idle
      }
    let settings = ProgramHost.Settings(
      name: words[0], start: start, isDetached: words.contains("--detached"),
      reportDescriptor: option("--report-fd").flatMap { Int32($0) } ?? -1)
    do {
      let host = ProgramHost(
        settings, in: try RuntimeDirectory(), service: ScriptedProgram(name: words[0]))
      let exit = try await host.run()
      Glibc.exit(settings.isDetached ? 0 : Int32(exit ?? 0))
    } catch {
      Glibc.exit(1)
    }
  }
  /// Asks for a status as whatever user this is, and prints the error's code.
  private static func call(_ socket: String) {
    do throws(TalkFailure) {
      var client = try VarlinkClient(path: socket)
      let _: NoParameters = try client.call("\(ProgramInterface.name).Status")
      print("answered")
    } catch {
      if case .refused(let failure) = error { print(failure.code) } else { print(error) }
    }
  }
}
