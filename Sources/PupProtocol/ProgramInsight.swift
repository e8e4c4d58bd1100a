/// What a pup tells of its program beyond its state; part of `ProgramService`.
package protocol ProgramInsight: Sendable {
  /// The stacks of all threads, as one stop of the target shows them.
  ///
  /// - Throws: `cannot("not-running")`, and what keeps the target from being stopped.
  func stack() async throws(ServiceFailure) -> StackReport
}

extension ProgramInterface {
  private struct Stacks: Encodable { let stack: StackReport }

  /// The methods that only look.
  func dispatchInsight(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(CallFailure) {
    switch call.method {
    case "Stack":
      replies.send(
        Stacks(
          stack: try await asked { () throws(ServiceFailure) in try await service.stack() }))
    default: throw .varlink(.methodNotFound(call.method))
    }
  }
}
