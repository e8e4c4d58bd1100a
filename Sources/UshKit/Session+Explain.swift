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
    var request = ExplainRequest(procedure: procedure)
    if let what {
      let update = try updateRequest(what, changes: changes, noGroups: false, waitSeconds: nil)
      (request.path, request.changes) = (update.path, update.changes)
      request.version = update.version
    }
    let answer: Answers.Explained = try call("Explain", of: name, request)
    return answer.explanation
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
