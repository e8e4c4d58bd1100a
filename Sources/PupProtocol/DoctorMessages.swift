/// What one check of this machine, this user or a program found.
package struct Finding: Codable, Hashable, Sendable {
  package enum State: String, Codable, Hashable, Sendable {
    case ok
    /// Something works less well, or will not work in some case.
    case warning
    /// Programs cannot be run or updated.
    case problem
  }

  /// A word that stays, such as `kernel`.
  package var check: String
  package var state: State
  /// One line for people.
  package var message: String
  /// The command that mends it, or what else does.
  package var remedy: String?

  package init(
    _ check: String, _ state: State, _ message: String, remedy: String? = nil
  ) {
    self.check = check
    self.state = state
    self.message = message
    self.remedy = state == .ok ? nil : remedy
  }

  package static func ok(_ check: String, _ message: String) -> Finding {
    Finding(check, .ok, message)
  }
}

/// The findings of `pup --self-check`.
package struct SelfCheckReport: Codable, Hashable, Sendable {
  package var findings: [Finding]
  package init(findings: [Finding]) { self.findings = findings }
}
