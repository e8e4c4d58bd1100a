import CSocket
import FoundationEssentials
import Glibc

/// A connection to a Varlink service; calls block the calling thread.
///
/// Not copyable: one call at a time, and the connection ends with the value.
package struct VarlinkClient: ~Copyable, Sendable {
  private struct Head: Decodable {
    let error: String?
    let continues: Bool?
  }

  private struct Body<Parameters: Decodable>: Decodable { let parameters: Parameters? }

  private let socket: Descriptor
  /// What the socket leads through, if the service is on another host.
  private let shell: RemoteShell?
  private var hasAnswered = false
  private var buffer = FrameBuffer(limit: 64 << 20)

  /// A descriptor that breaks off any waiting once it is readable; -1 for none, not owned.
  package var interruptDescriptor: Int32 = -1

  /// Connects to the service at `path`.
  package init(path: String) throws(TalkFailure) {
    socket = try UnixSocket.connect(to: path)
    shell = nil
  }

  /// Connects to the bridge of another host, as ssh knows that.
  ///
  /// - Throws: `.host` with the reason if it cannot be reached.
  static func bridge(of host: String) throws(TalkFailure) -> VarlinkClient {
    let opened = try RemoteShell.open(host)
    let shell = opened.shell
    var client = VarlinkClient(opened.takeSocket(), through: shell)
    let _: NoParameters = try client.call(
      "org.varlink.service.GetInfo", timeout: Self.bridgePatience)
    return client
  }

  private init(_ socket: consuming Descriptor, through shell: RemoteShell) {
    self.socket = socket
    self.shell = shell
  }

  /// Within this time a host logs a user in; ssh itself gives up earlier when nobody answers.
  private static let bridgePatience = Duration.seconds(60)

  /// Whether the connection is there and nothing is on the way, so that it can be used again.
  var isIdle: Bool {
    var ready: Int16 = 0
    var other: Int16 = 0
    return unsafe cs_poll(socket.rawValue, Int16(POLLIN), &ready, -1, &other, 0) == 0
  }

  /// Gives up the socket to its new owner.
  consuming func takeSocket() -> Descriptor { socket }

  /// Calls `method`, a full name, and gives its only reply.
  ///
  /// - Throws: `.timedOut` after `timeout`; the connection is of no use then.
  package mutating func call<Answer: Decodable>(
    _ method: String, _ parameters: some Encodable = NoParameters(),
    timeout: Duration? = nil, as type: Answer.Type = Answer.self
  ) throws(TalkFailure) -> Answer {
    var last: Answer?
    try stream(method, parameters, more: false, timeout: timeout, as: type) { answer in
      last = answer ?? last
      return true
    }
    guard let last else { throw .notVarlink(method: method) }
    return last
  }

  /// Calls `method` and hands over each reply, until the last one or until `onReply` says no.
  ///
  /// `timeout` is the time for each reply. With `tick`, `onReply` is also called with `nil` whenever
  /// that time has passed without a reply.
  package mutating func stream<Answer: Decodable>(
    _ method: String, _ parameters: some Encodable = NoParameters(), more: Bool = true,
    timeout: Duration? = nil, tick: Duration? = nil, as type: Answer.Type = Answer.self,
    onReply: (Answer?) -> Bool
  ) throws(TalkFailure) {
    let message = VarlinkEncoding.call(method, parameters, more: more)
    // A server that refuses may close before it has read the call: its answer counts.
    let wasSent = send(message, to: socket, stallMilliseconds: 10_000)
    while true {
      let reply: [UInt8]?
      do throws(TalkFailure) {
        reply = try nextMessage(method, timeout: tick ?? timeout)
      } catch {
        guard tick != nil, case .timedOut = error else { throw error }
        guard onReply(nil) else { return }
        continue
      }
      guard let reply else {
        if let shell { throw shell.failure(hasAnswered: hasAnswered) }
        guard wasSent else { throw .system(operation: .send, path: method, code: EPIPE) }
        throw .closed(method: method)
      }
      guard let head = try? JSONDecoder().decode(Head.self, from: Data(reply)) else {
        if let shell, !hasAnswered { throw .host(shell.host, .noBridge) }
        throw .notVarlink(method: method)
      }
      hasAnswered = true
      if let error = head.error { throw failure(error, reply, method) }
      let answer: Answer = try decode(reply, method)
      guard onReply(answer), head.continues ?? false else { return }
    }
  }

  /// Sends a call that has no reply.
  package mutating func callOneway(
    _ method: String, _ parameters: some Encodable = NoParameters()
  ) throws(TalkFailure) {
    let message = VarlinkEncoding.call(method, parameters, oneway: true)
    guard send(message, to: socket, stallMilliseconds: 10_000) else {
      throw .closed(method: method)
    }
  }

  private mutating func nextMessage(
    _ method: String, timeout: Duration?
  ) throws(TalkFailure) -> [UInt8]? {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    while true {
      if let message = buffer.next() { return message }
      guard !buffer.isOverfull else { throw .notVarlink(method: method) }
      let left = deadline.map { max(.zero, $0 - .now).wholeMilliseconds } ?? -1
      var ready: Int16 = 0
      var interrupt: Int16 = 0
      let count = unsafe cs_poll(
        socket.rawValue, Int16(POLLIN), &ready, interruptDescriptor, &interrupt, left)
      if interrupt != 0 { throw .interrupted }
      guard count != 0 else { throw .timedOut(method: method) }
      guard count > 0 else { throw .system(operation: .receive, path: method, code: -count) }
      guard let received = receive(from: socket) else { return nil }
      buffer.append(received)
    }
  }

  private func decode<Answer: Decodable>(
    _ reply: [UInt8], _ method: String
  ) throws(TalkFailure) -> Answer {
    let body = try? JSONDecoder().decode(Body<Answer>.self, from: Data(reply))
    if let answer = body?.parameters { return answer }
    if let answer = NoParameters() as? Answer { return answer }
    throw .notVarlink(method: method)
  }

  private func failure(_ name: String, _ reply: [UInt8], _ method: String) -> TalkFailure {
    if name == BridgeMessages.closed.name { return .closed(method: method) }
    let body = try? JSONDecoder().decode(Body<[String: String]>.self, from: Data(reply))
    let error = VarlinkError(name: name, parameters: body?.parameters ?? [:])
    if let failure = error.serviceFailure { return .refused(failure) }
    return .varlink(error: name, detail: error.parameters.values.sorted().first)
  }
}

extension Duration {
  /// The duration in milliseconds, rounded up and within what poll(2) takes.
  var wholeMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    let milliseconds = Double(seconds) * 1000 + (Double(attoseconds) / 1e15).rounded(.up)
    return Int32(min(max(0, milliseconds), Double(Int32.max)))
  }
}
