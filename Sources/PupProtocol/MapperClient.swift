import FoundationEssentials
import Glibc

/// Asks the mapper of a runtime directory, and starts one when none runs; calls block.
///
/// Or the mapper of another host, through the bridge there, which does the same.
package struct MapperClient: Sendable {
  private enum Way {
    case directory(RuntimeDirectory)
    case link(HostLink)
  }

  private struct Program: Decodable { let program: ProgramRecord }

  private static let patience = Duration.seconds(10)
  private let way: Way

  package init(_ directory: RuntimeDirectory) { way = .directory(directory) }

  /// The mapper at the other end of `link`.
  init(_ link: HostLink) { way = .link(link) }

  /// The record of program `name`.
  ///
  /// - Throws: `.refused` of class `noSuchProgram` if there is none.
  package func resolve(
    _ name: String, connecting: Bool = false, from host: String? = nil
  ) throws(TalkFailure) -> ProgramRecord {
    let answer: Program = try call(
      "Resolve",
      MapperMessages.Named(name: name, connecting: connecting ? true : nil, from: host))
    return answer.program
  }

  /// All programs, by name.
  package func list() throws(TalkFailure) -> [ProgramRecord] {
    let answer: MapperMessages.Records = try call("List", NoParameters())
    return answer.programs
  }

  /// Marks a lost program whose target has ended as ended.
  package func settle(_ name: String) throws(TalkFailure) -> ProgramRecord {
    let answer: Program = try call("Settle", MapperMessages.Named(name: name))
    return answer.program
  }

  /// Tells what is new about a program; only its pup may.
  package func note(_ program: ProgramRecord) throws(TalkFailure) {
    let _: NoParameters = try call("Note", MapperMessages.Record(program: program))
  }

  /// Tells that the pup ends in order; only the pup itself may.
  package func deregister(_ program: ProgramRecord) throws(TalkFailure) {
    let _: NoParameters = try call("Deregister", MapperMessages.Record(program: program))
  }

  /// Makes sure that a mapper runs, and connects to it.
  ///
  /// Safe against others that do the same: all but one of the mappers started end at once.
  package func ensureRunning() throws(TalkFailure) -> VarlinkClient {
    switch way {
    case .directory(let directory): try ensureRunning(in: directory)
    case .link(let link): try link.take()
    }
  }

  private func ensureRunning(
    in directory: RuntimeDirectory
  ) throws(TalkFailure) -> VarlinkClient {
    let deadline = ContinuousClock.now + Self.patience
    var started: ProcessIdentity?
    var pause: useconds_t = 1_000
    while true {
      let failure: TalkFailure
      do throws(TalkFailure) {
        return try VarlinkClient(path: directory.mapperSocket)
      } catch {
        guard error.meansNobodyListens else { throw error }
        failure = error
      }
      guard ContinuousClock.now < deadline else { throw failure }
      if started?.isAlive != true { started = try start(in: directory) }
      usleep(pause)
      pause = min(pause * 2, 50_000)
    }
  }

  private func start(in directory: RuntimeDirectory) throws(TalkFailure) -> ProcessIdentity? {
    let pid = try DetachedProcess.start(
      try DetachedProcess.sibling("pupmapper"), ["--directory", directory.path], directory: "/")
    return ProcessIdentity(pid: Int(pid))
  }

  /// One call on a connection of its own; once more if the mapper was just ending.
  private func call<Answer: Decodable>(
    _ method: String, _ parameters: some Encodable
  ) throws(TalkFailure) -> Answer {
    do throws(TalkFailure) {
      return try callOnce(method, parameters)
    } catch {
      guard error.meansNobodyListens else { throw error }
      return try callOnce(method, parameters)
    }
  }

  private func callOnce<Answer: Decodable>(
    _ method: String, _ parameters: some Encodable
  ) throws(TalkFailure) -> Answer {
    let method = "\(MapperMessages.interface).\(method)"
    if case .link(let link) = way {
      return try link.call(method, parameters, timeout: Self.patience)
    }
    var client = try ensureRunning()
    return try client.call(method, parameters, timeout: Self.patience)
  }
}

extension TalkFailure {
  /// Whether the socket has no server behind it, or the server went while we called.
  package var meansNobodyListens: Bool {
    switch self {
    case .closed: true
    case .system(_, _, let code): [ENOENT, ECONNREFUSED, EAGAIN, EPIPE, ECONNRESET].contains(code)
    default: false
    }
  }
}
