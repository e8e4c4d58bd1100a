import PupProtocol

/// Looking into a program takes an engine, which this one has not.
extension ScriptedProgram {
  func stack() async throws(ServiceFailure) -> StackReport {
    throw .cannot("no-engine", "there is no engine")
  }

  func versions() async throws(ServiceFailure) -> VersionsReport {
    throw .cannot("no-engine", "there is no engine")
  }

  func graph(_ request: GraphRequest) async throws(ServiceFailure) -> GraphReport {
    throw .cannot("no-engine", "there is no engine")
  }

  func explain(_ request: ExplainRequest) async throws(ServiceFailure) -> ExplainReport {
    throw .cannot("no-engine", "there is no engine")
  }
}
