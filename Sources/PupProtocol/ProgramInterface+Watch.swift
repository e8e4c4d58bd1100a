extension ProgramInterface {
  /// Streams events until the program ends, or those of one update until its outcome.
  func watch(_ call: VarlinkCall, _ replies: VarlinkReplies) async throws(CallFailure) {
    guard call.wantsMore else { throw .varlink(.expectedMore) }
    let request: WatchRequest = try decoded(call)
    let events = try await asked { () throws(ServiceFailure) in
      try await service.watch(request)
    }
    if let update = request.update, let event = try await outcome(of: update) {
      replies.send(Happened(event: event))
      return
    }
    for await event in events where request.update == nil || event.update == request.update {
      let isLast = request.update != nil && event.report != nil
      guard replies.send(Happened(event: event), continues: !isLast), !isLast else { return }
    }
    throw .service(.cannot("ended", "no more events"))
  }

  /// How an update that is over came out, as an event; `nil` if it is pending.
  private func outcome(of update: Int) async throws(CallFailure) -> ProgramEvent? {
    let report = try await asked { () throws(ServiceFailure) in
      try await service.wait(WaitRequest(update: update, seconds: 0))
    }
    guard report.id == update else {
      throw .service(.cannot("no-update", "update \(update) is neither pending nor the last one"))
    }
    let kind: ProgramEvent.Kind
    switch report.result {
    case .waiting: return nil
    case .updated, .already: kind = .completed
    case .undone: kind = .undone
    case .refused: kind = .refused
    }
    return ProgramEvent(
      program: report.program, kind: kind, update: update, version: report.to, report: report,
      message: "update \(update): \(report.result.rawValue)")
  }
}
