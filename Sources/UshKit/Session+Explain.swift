package import PupProtocol

extension Answers {
  struct Explained: Decodable { let explanation: ExplainReport }
}

extension Session {
  /// Why procedure `procedure` of `name` can or cannot be updated now.
  ///
  /// `what`: the other version, as `update` takes it; `nil` for the pending update.
  ///
  /// - Throws: `malformed` for a procedure or a file that there is not.
  package func explain(
    _ name: String, _ procedure: String, _ what: String?, changes: String?
  ) throws(ServiceFailure) -> ExplainReport {
    let update = try comparison(with: what, changes: changes, for: name)
    let request = ExplainRequest(
      procedure: procedure, path: update?.path, changes: update?.changes, version: update?.version,
      called: try site(of: name).text)
    let answer: Answers.Explained = try call("Explain", of: name, request)
    return answer.explanation
  }

  /// The update that is looked at but not asked for, with its files on the program's host.
  func comparison(
    with what: String?, changes: String?, for name: String
  ) throws(ServiceFailure) -> UpdateRequest? {
    guard let what else { return nil }
    return try site(of: name).placed(
      try updateRequest(what, changes: changes, noGroups: false, waitSeconds: nil))
  }

  /// Prints an explanation: what, why, and what to do.
  package func show(_ report: ExplainReport) {
    guard !console.isJSON else {
      console.printJSON(report)
      return
    }
    console.print(report.headline)
    for reason in report.reasons { console.print("  \(reason)") }
    guard !report.advice.isEmpty else { return }
    console.print("what to do:")
    for advice in report.advice { console.print("  \(advice)") }
  }
}
