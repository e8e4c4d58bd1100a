import FoundationEssentials
import Glibc

/// Another machine, by way of the bridge that ssh runs there.
package struct RemoteHost: ProgramsHost {
  /// A pup may take its time to start a program.
  private static let startPatience = Duration.seconds(60)
  private static let patience = Duration.seconds(15)

  package let mapper: MapperClient
  private let link: HostLink
  private let onProgress: @Sendable (TransferProgress) -> Void

  /// The host that ssh knows as `name`; no connection is made before it is needed.
  package init(
    _ name: String, onProgress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
  ) {
    link = HostLink(name)
    mapper = MapperClient(link)
    self.onProgress = onProgress
  }

  package func connect(to name: String) throws(ServiceFailure) -> VarlinkClient {
    try talking { () throws(TalkFailure) in
      var client = try link.take()
      let _: NoParameters = try client.call(
        "\(BridgeMessages.interface).Select",
        BridgeMessages.Selection(program: name, connecting: true), timeout: Self.patience)
      return client
    }
  }

  package func release(_ client: consuming VarlinkClient) { link.giveBack(client) }

  package func status(of record: ProgramRecord) throws(ServiceFailure) -> StatusReport {
    guard record.state == .live else { return record.lastKnownStatus }
    let answer: StatusAnswer = try call("Status", BridgeMessages.Named(program: record.name))
    return answer.status
  }

  package func start(
    _ name: String, _ command: [String]
  ) throws(ServiceFailure) -> StatusReport {
    let answer: StatusAnswer = try call(
      "Start", BridgeMessages.Start(program: name, command: command),
      timeout: Self.startPatience)
    return answer.status
  }

  package func attach(_ name: String, pid: Int?) throws(ServiceFailure) -> AttachReport {
    let answer: BridgeMessages.Attached = try call(
      "Attach", BridgeMessages.Attach(program: name, pid: pid), timeout: Self.startPatience)
    return answer.attached
  }

  package func end(_ name: String, seconds: Double) throws(ServiceFailure) -> StatusReport {
    let answer: StatusAnswer = try call(
      "End", BridgeMessages.End(program: name, seconds: seconds),
      timeout: Self.patience + .seconds(seconds))
    return answer.status
  }

  package func waitForEnd(of record: ProgramRecord) throws(ServiceFailure) {
    let deadline = ContinuousClock.now + .seconds(5)
    while ContinuousClock.now < deadline {
      let now = try talking { () throws(TalkFailure) in try mapper.resolve(record.name) }
      guard now.state == .live, now.pup == record.pup else { return }
      usleep(50_000)
    }
  }

  package func log(of name: String, from offset: Int) throws(ServiceFailure) -> LogPiece {
    let piece: BridgeMessages.Log = try call(
      "Log", BridgeMessages.LogRequest(program: name, offset: offset))
    guard let data = Data(base64Encoded: piece.data) else {
      throw .cannot("protocol", "the answer cannot be understood")
    }
    return LogPiece(log: piece.log, bytes: Array(data), hasEnded: piece.hasEnded)
  }

  package func place(_ files: FileSet) throws(ServiceFailure) -> [String] {
    try FileTransfer(link: link, onProgress: onProgress).send(files)
  }

  private func call<Answer: Decodable>(
    _ method: String, _ parameters: some Encodable, timeout: Duration = patience
  ) throws(ServiceFailure) -> Answer {
    try talking { () throws(TalkFailure) in
      try link.call("\(BridgeMessages.interface).\(method)", parameters, timeout: timeout)
    }
  }
}
