/// What `Explain` asks for: a procedure, and the update that is meant.
///
/// Without `path`, `changes` and `version` it is the pending one.
package struct ExplainRequest: Codable, Hashable, Sendable {
  /// `name`, or `file.c:name` where a name alone is ambiguous.
  package var procedure: String
  /// The executable of a version to compare with, absolute.
  package var path: String?
  /// A changes file, absolute.
  package var changes: String?
  /// The number of a loaded version.
  package var version: Int?
  /// What the user calls the program, in whose words the advice is to be; `shop@web1`.
  package var called: String?

  package init(
    procedure: String, path: String? = nil, changes: String? = nil, version: Int? = nil,
    called: String? = nil
  ) {
    self.procedure = procedure
    self.path = path
    self.changes = changes
    self.version = version
    self.called = called
  }

  /// The update request that would ask for the same.
  package var update: UpdateRequest? {
    guard path != nil || changes != nil || version != nil else { return nil }
    return UpdateRequest(path: path, changes: changes, version: version)
  }
}

/// Why a procedure can or cannot be updated now.
package struct ExplainReport: Codable, Hashable, Sendable {
  package enum Verdict: String, Codable, Hashable, Sendable {
    /// No update is pending, and none was named.
    case none
    /// The program is that build already, or nothing differs.
    case already
    /// It is the same in both versions.
    case unchanged
    case added
    case removed
    /// It is in the new version already.
    case updated
    /// Nothing holds it.
    case free
    case waits
    case resident
    /// The update as a whole cannot be done.
    case refused
    /// It has no body of its own, and is part of others.
    case inlined
  }

  package var program: String
  package var procedure: String
  package var verdict: Verdict
  /// The version that the program is at, and that of the update, if there is one.
  package var from: Int
  package var to: Int?
  /// Whether the update was asked for already.
  package var isPending: Bool
  /// From the procedure to what holds it.
  package var because: [HoldReport]
  /// What becomes of it, in one sentence, and why, in one for each step.
  package var headline: String
  package var reasons: [String]
  /// What can be done.
  package var advice: [String]
  /// How long the target was stopped, in microseconds; 0 if it was not.
  package var pauseMicroseconds: Int

  package init(
    program: String, procedure: String, verdict: Verdict, from: Int, to: Int? = nil,
    isPending: Bool = false, because: [HoldReport] = [], headline: String,
    reasons: [String] = [], advice: [String] = [], pauseMicroseconds: Int = 0
  ) {
    self.program = program
    self.procedure = procedure
    self.verdict = verdict
    self.from = from
    self.to = to
    self.isPending = isPending
    self.because = because
    self.headline = headline
    self.reasons = reasons
    self.advice = advice
    self.pauseMicroseconds = pauseMicroseconds
  }

  enum CodingKeys: String, CodingKey {
    case program, procedure, verdict, from, to
    case isPending = "pending"
    case because, headline, reasons, advice
    case pauseMicroseconds = "pause_us"
  }
}

/// One step from a procedure to what holds it.
package struct HoldReport: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Hashable, Sendable {
    /// `path`'s one procedure is on the stack of thread `tid`, in frame `frame`.
    case active
    /// The stack of thread `tid` cannot be walked: `reason`.
    case notWalked = "not_walked"
    /// Calls lead along `path`.
    case reaches
    /// The two of `path` change in one stop: `reason`.
    case grouped
  }

  package var kind: Kind
  package var path: [String]
  package var tid: Int?
  /// Counted from the innermost frame of the thread, 0 first.
  package var frame: Int?
  package var reason: String?

  package init(
    kind: Kind, path: [String] = [], tid: Int? = nil, frame: Int? = nil, reason: String? = nil
  ) {
    self.kind = kind
    self.path = path
    self.tid = tid
    self.frame = frame
    self.reason = reason
  }
}
