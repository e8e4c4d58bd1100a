package import PupProtocol

/// What one `ush` command works with: a host, and ways to the pups of its programs.
///
/// A program's name may have a host of its own: `shop@web1`.
package struct Session: Sendable {
  package let console: Console
  /// Where a name alone is looked for.
  package let host: Host
  private let hosts: HostTable

  /// A session on `host`; names say so if they mean another one.
  package init(_ console: Console, host: Host = .local) throws(ServiceFailure) {
    self.console = console
    self.host = host
    hosts = HostTable(console)
  }

  /// The mapper of the session's own host.
  var mapper: MapperClient {
    get throws(ServiceFailure) { try hosts[host].mapper }
  }

  /// The session's own host.
  var ownHost: any ProgramsHost {
    get throws(ServiceFailure) { try hosts[host] }
  }

  /// The program that `name` means, and its host.
  func site(of name: String) throws(ServiceFailure) -> Site {
    let address = try ProgramAddress(name, on: host)
    return Site(address: address, host: try hosts[address.host])
  }

  /// The record of program `name`.
  func record(of name: String) throws(ServiceFailure) -> ProgramRecord {
    try site(of: name).record()
  }

  /// A connection to the pup of `name`.
  ///
  /// - Throws: `cannot("ended")` or `cannot("lost")` if it has none any more.
  func connect(to name: String) throws(ServiceFailure) -> VarlinkClient {
    try site(of: name).connect()
  }

  /// Calls a method of the pup of `name` that has one reply.
  func call<Answer: Decodable>(
    _ method: String, of name: String, _ parameters: some Encodable = NoParameters(),
    timeout: Duration? = nil, as type: Answer.Type = Answer.self
  ) throws(ServiceFailure) -> Answer {
    let site = try site(of: name)
    var client = try site.connect()
    let answer = try talking { () throws(TalkFailure) in
      try client.call(
        "\(ProgramInterface.name).\(method)", parameters, timeout: timeout, as: type)
    }
    site.host.release(client)
    return answer
  }
}

/// A program on its host.
struct Site: Sendable {
  let address: ProgramAddress
  let host: any ProgramsHost

  var name: String { address.name }
  /// The address as a user may write it.
  var text: String { address.text }

  /// The program's record.
  func record() throws(ServiceFailure) -> ProgramRecord {
    try naming { () throws(ServiceFailure) in
      try talking { () throws(TalkFailure) in try host.mapper.resolve(name) }
    }
  }

  /// The program's record, if there is such a program.
  func knownRecord() throws(ServiceFailure) -> ProgramRecord? {
    do throws(ServiceFailure) {
      return try record()
    } catch {
      guard error.exit == .noSuchProgram else { throw error }
      return nil
    }
  }

  /// A connection to the program's pup.
  func connect() throws(ServiceFailure) -> VarlinkClient {
    try naming { () throws(ServiceFailure) in try host.connect(to: name) }
  }

  /// The program's status.
  func status() throws(ServiceFailure) -> StatusReport {
    shown(try host.status(of: try record()))
  }

  /// A piece of the program's output.
  func log(from offset: Int) throws(ServiceFailure) -> LogPiece {
    try naming { () throws(ServiceFailure) in try host.log(of: name, from: offset) }
  }

  /// `status` under the name by which the user knows the program.
  func shown(_ status: StatusReport) -> StatusReport {
    var status = status
    status.program = text
    return status
  }

  /// `report` under the name by which the user knows the program.
  func shown(_ report: UpdateReport) -> UpdateReport {
    var report = report
    report.program = text
    return report
  }

  /// Runs `body`; what its failure tells the user to do is told with the host.
  func naming<Value: ~Copyable>(
    _ body: () throws(ServiceFailure) -> Value
  ) throws(ServiceFailure) -> Value {
    do throws(ServiceFailure) {
      return try body()
    } catch {
      guard address.host != .local else { throw error }
      switch error.code {
      case "no-such-program": throw .noSuchProgram(text)
      case "ended": throw .cannot("ended", "\(text) has ended")
      case "lost": throw .cannot("lost", "the pup of \(text) has died: ush attach \(text)")
      default: throw error
      }
    }
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
