package import PupProtocol
import Glibc

/// What one `ush` command works with: the runtime directory and ways to a program's pup.
package struct Session: Sendable {
  package let console: Console
  let runtime: RuntimeDirectory
  let mapper: MapperClient

  /// How long a pup that is just ending, or just beginning, is tried again.
  private static let settling = Duration.seconds(3)

  /// A session in the runtime directory that the environment names.
  package init(_ console: Console) throws(ServiceFailure) {
    self.console = console
    runtime = try talking { () throws(TalkFailure) in try RuntimeDirectory() }
    mapper = MapperClient(runtime)
  }

  /// The record of program `name`.
  func record(of name: String, connecting: Bool = false) throws(ServiceFailure) -> ProgramRecord {
    try ProgramRecord.check(name)
    return try talking { () throws(TalkFailure) in
      try mapper.resolve(name, connecting: connecting)
    }
  }

  /// A connection to the pup of `name`.
  ///
  /// - Throws: `cannot("ended")` or `cannot("lost")` if it has none any more.
  func connect(to name: String) throws(ServiceFailure) -> VarlinkClient {
    let deadline = ContinuousClock.now + Self.settling
    while true {
      let record = try record(of: name, connecting: true)
      try requireLive(record)
      do throws(TalkFailure) {
        return try VarlinkClient(path: record.endpoint)
      } catch {
        guard error.meansNobodyListens, ContinuousClock.now < deadline else {
          throw error.asServiceFailure
        }
      }
      usleep(20_000)
    }
  }

  /// Calls a method of the pup of `name` that has one reply.
  func call<Answer: Decodable>(
    _ method: String, of name: String, _ parameters: some Encodable = NoParameters(),
    timeout: Duration? = nil, as type: Answer.Type = Answer.self
  ) throws(ServiceFailure) -> Answer {
    var client = try connect(to: name)
    return try talking { () throws(TalkFailure) in
      try client.call(
        "\(ProgramInterface.name).\(method)", parameters, timeout: timeout, as: type)
    }
  }

  private func requireLive(_ record: ProgramRecord) throws(ServiceFailure) {
    switch record.state {
    case .live: return
    case .ended: throw .cannot("ended", "\(record.name) has ended")
    case .lost:
      throw .cannot("lost", "the pup of \(record.name) has died: ush attach \(record.name)")
    }
  }
}

/// Runs `body`, with a failure to talk as the failure of a command.
func talking<Value: ~Copyable>(
  _ body: () throws(TalkFailure) -> Value
) throws(ServiceFailure) -> Value {
  do throws(TalkFailure) {
    return try body()
  } catch {
    throw error.asServiceFailure
  }
}

/// The replies of a pup, as `ush` reads them.
enum Answers {
  struct Status: Decodable { let status: StatusReport }
  struct Outcome: Decodable {
    let report: UpdateReport?
    let event: ProgramEvent?
  }
  struct Loaded: Decodable { let loaded: LoadReport }
  struct Happened: Decodable { let event: ProgramEvent }
}
