import Synchronization

/// The connections to another host's bridge: one is kept for the next call, further ones as needed.
package final class HostLink: Sendable {
  private let host: String
  private let kept = Mutex<VarlinkClient?>(nil)

  package init(_ host: String) { self.host = host }

  /// A connection; a kept one that has died meanwhile is replaced.
  func take() throws(TalkFailure) -> VarlinkClient {
    let idle = kept.withLock { $0.take() }
    if let idle, idle.isIdle { return idle }
    return try VarlinkClient.bridge(of: host)
  }

  /// Keeps a connection that is not in the middle of a call.
  func giveBack(_ client: consuming VarlinkClient) {
    var client: VarlinkClient? = client
    kept.withLock { kept in
      if kept == nil { kept = client.take() }
    }
  }

  /// Calls `method`, a full name, and gives its only reply.
  func call<Answer: Decodable>(
    _ method: String, _ parameters: some Encodable = NoParameters(), timeout: Duration? = nil,
    as type: Answer.Type = Answer.self
  ) throws(TalkFailure) -> Answer {
    var client = try take()
    let answer: Result<Answer, TalkFailure>
    do throws(TalkFailure) {
      answer = .success(try client.call(method, parameters, timeout: timeout, as: type))
    } catch {
      guard error.leavesConnectionGood else { throw error }
      answer = .failure(error)
    }
    giveBack(client)
    return try answer.get()
  }
}

extension TalkFailure {
  /// Whether it is an answer, after which the connection can be used again.
  fileprivate var leavesConnectionGood: Bool {
    switch self {
    case .refused, .varlink, .closed: true
    default: false
    }
  }
}
