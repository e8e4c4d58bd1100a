/// `org.podus.pup`: a program's service, as Varlink calls.
package struct ProgramInterface: VarlinkInterface {
  /// The interface's full name.
  package static let name = "org.podus.pup"

  private struct Status: Encodable { let status: StatusReport }
  private struct Outcome: Encodable {
    var report: UpdateReport?
    var event: ProgramEvent?
  }
  private struct Loaded: Encodable { let loaded: LoadReport }
  private struct Attached: Encodable { let attached: AttachReport }
  struct Happened: Encodable { let event: ProgramEvent }

  let service: any ProgramService

  package init(service: any ProgramService) { self.service = service }

  package var name: String { Self.name }
  package var definition: String { Self.text }

  package func handle(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(VarlinkError) {
    do throws(CallFailure) {
      try await dispatch(call, replies)
    } catch {
      switch error {
      case .varlink(let error): throw error
      case .service(let failure): throw VarlinkError(failure, interface: Self.name)
      }
    }
  }

  /// The two kinds of errors that a method can end with.
  enum CallFailure: Error {
    case varlink(VarlinkError)
    case service(ServiceFailure)
  }

  private func dispatch(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(CallFailure) {
    switch call.method {
    case "Status":
      replies.send(
        Status(
          status: try await asked { () throws(ServiceFailure) in
            try await service.status()
          }))
    case "Load":
      let request: LoadRequest = try decoded(call)
      replies.send(
        Loaded(
          loaded: try await asked { () throws(ServiceFailure) in
            try await service.load(request)
          }))
    case "Run":
      let request: RunRequest = try decoded(call)
      replies.send(
        Status(
          status: try await asked { () throws(ServiceFailure) in
            try await service.run(request)
          }))
    case "Attach":
      let request: AttachRequest = try decoded(call)
      replies.send(
        Attached(
          attached: try await asked { () throws(ServiceFailure) in
            try await service.attach(request)
          }))
    case "Stop":
      let request: StopRequest = try decoded(call)
      replies.send(
        Status(
          status: try await asked { () throws(ServiceFailure) in
            try await service.stop(request)
          }))
    default: try await dispatchUpdates(call, replies)
    }
  }

  private func dispatchUpdates(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(CallFailure) {
    switch call.method {
    case "Update":
      let request: UpdateRequest = try decoded(call)
      try await reporting(call, replies) { () throws(ServiceFailure) in
        try await service.update(request)
      }
    case "Wait":
      let request: WaitRequest = try decoded(call)
      try await reporting(call, replies) { () throws(ServiceFailure) in
        try await service.wait(request)
      }
    case "Cancel":
      let request: CancelRequest = try decoded(call)
      try await reporting(call, replies) { () throws(ServiceFailure) in
        try await service.cancel(request)
      }
    case "Watch": try await watch(call, replies)
    default: try await dispatchInsight(call, replies)
    }
  }

  /// Sends the report of `body`, and with `more` the program's events before it.
  private func reporting(
    _ call: VarlinkCall, _ replies: VarlinkReplies,
    _ body: () async throws(ServiceFailure) -> UpdateReport
  ) async throws(CallFailure) {
    guard call.wantsMore else {
      replies.send(Outcome(report: try await asked(body)))
      return
    }
    let events = try await asked { () throws(ServiceFailure) in
      try await service.watch(WatchRequest())
    }
    let forwarding = Task {
      for await event in events where !Task.isCancelled {
        guard replies.send(Outcome(event: event), continues: true) else { return }
      }
    }
    let report: UpdateReport
    do throws(CallFailure) {
      report = try await asked(body)
    } catch {
      forwarding.cancel()
      await forwarding.value
      throw error
    }
    forwarding.cancel()
    await forwarding.value
    replies.send(Outcome(report: report))
  }

  func decoded<Request: Decodable>(_ call: VarlinkCall) throws(CallFailure) -> Request {
    do throws(VarlinkError) {
      return try call.parameters(Request.self)
    } catch {
      throw .varlink(error)
    }
  }

  func asked<Answer: Sendable>(
    _ body: () async throws(ServiceFailure) -> Answer
  ) async throws(CallFailure) -> Answer {
    do throws(ServiceFailure) {
      return try await body()
    } catch {
      throw .service(error)
    }
  }
}
