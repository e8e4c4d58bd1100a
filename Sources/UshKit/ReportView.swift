package import PupProtocol

extension Session {
  /// Prints the report of `update`, `wait` or `cancel`.
  ///
  /// `exit` is how the command ends, which for `cancel` is not the report's own status.
  package func show(_ report: UpdateReport, exit: ExitClass) {
    if exit != .done { console.complain(report.complaint) }
    guard !console.isJSON else {
      console.printJSON(
        ReportDocument(
          report: report,
          error: exit == .done
            ? nil : ErrorDocument.Content(code: report.result.rawValue, message: report.complaint)))
      return
    }
    if exit == .done { console.print(report.headline) }
    for line in report.data { console.print("  \(line)") }
    for name in report.resident {
      console.print("  resident \(name): its live activation finishes in old code")
    }
    for waiting in report.waiting { console.print("  \(waiting.sentence)") }
  }
}

/// `{"error":{"code":…,"message":…}}`.
package struct ErrorDocument: Encodable {
  package struct Content: Encodable {
    let code: String
    let message: String
  }

  let error: Content

  package init(_ failure: ServiceFailure) {
    error = Content(code: failure.code, message: failure.message)
  }
}

/// A report's fields, and the error beside them when there is one.
private struct ReportDocument: Encodable {
  let report: UpdateReport
  let error: ErrorDocument.Content?

  private enum Keys: String, CodingKey { case error }

  func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    var more = encoder.container(keyedBy: Keys.self)
    try more.encodeIfPresent(error, forKey: .error)
  }
}

extension UpdateReport {
  /// The outcome in a line.
  fileprivate var headline: String {
    switch result {
    case .updated:
      "\(program): version \(from) to \(to), \(changed.count) changed, \(warped.count) warped"
        + pauses
    case .already: "\(program): already up to date, version \(from)"
    case .undone: "\(program): update to version \(to) undone, version \(from)"
    case .waiting, .refused: complaint
    }
  }

  /// Why the update is not done, in a line.
  fileprivate var complaint: String {
    let reason = self.reason ?? waiting.first?.sentence
    let tail = reason.map { ": \($0)" } ?? ""
    return switch result {
    case .waiting:
      "\(program): update to version \(to) waits\(tail) (ush wait \(program), ush cancel \(program))"
    case .refused: "\(program): update refused\(tail)"
    case .undone: "\(program): update to version \(to) undone\(tail)"
    case .updated, .already: headline
    }
  }

  private var pauses: String {
    guard let longest = pausesMicroseconds.max() else { return "" }
    let count = pausesMicroseconds.count
    return ", \(count) \(count == 1 ? "pause" : "pauses") of at most \(longest) µs"
  }
}
