/// What a pup tells of its program beyond its state; part of `ProgramService`.
package protocol ProgramInsight: Sendable {
  /// The stacks of all threads, as one stop of the target shows them.
  ///
  /// - Throws: `cannot("not-running")`, and what keeps the target from being stopped.
  func stack() async throws(ServiceFailure) -> StackReport

  /// The versions that the pup knows, and how far each procedure of a pending update is.
  func versions() async throws(ServiceFailure) -> VersionsReport

  /// Why a procedure can or cannot be updated now; nothing is written.
  ///
  /// - Throws: `malformed("no-procedure")`, `malformed("ambiguous")`, and what is wrong with a file.
  func explain(_ request: ExplainRequest) async throws(ServiceFailure) -> ExplainReport

  /// The call graph of the running version, with what an update and the stacks have to do with it.
  func graph(_ request: GraphRequest) async throws(ServiceFailure) -> GraphReport
}

extension ProgramInterface {
  private struct Stacks: Encodable { let stack: StackReport }
  private struct Versions: Encodable { let versions: VersionsReport }
  private struct Graph: Encodable { let graph: GraphReport }
  private struct Explained: Encodable { let explanation: ExplainReport }

  /// The methods that only look.
  func dispatchInsight(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(CallFailure) {
    switch call.method {
    case "Stack":
      replies.send(
        Stacks(
          stack: try await asked { () throws(ServiceFailure) in try await service.stack() }))
    case "Versions":
      replies.send(
        Versions(
          versions: try await asked { () throws(ServiceFailure) in try await service.versions() }))
    case "Explain":
      let request: ExplainRequest = try decoded(call)
      replies.send(
        Explained(
          explanation: try await asked { () throws(ServiceFailure) in
            try await service.explain(request)
          }))
    case "Graph":
      let request: GraphRequest = try decoded(call)
      replies.send(
        Graph(
          graph: try await asked { () throws(ServiceFailure) in try await service.graph(request) }))
    default: throw .varlink(.methodNotFound(call.method))
    }
  }
}
