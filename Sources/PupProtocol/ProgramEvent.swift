/// Something that happened to a program, as `Watch` streams it.
///
/// Which optional fields are set depends on `kind`; `message` is always fit to be printed.
package struct ProgramEvent: Codable, Hashable, Sendable {
  /// What happened.
  package enum Kind: String, Codable, Hashable, Sendable {
    /// The target entered `main` or was adopted; `pid` is set.
    case started
    /// The target ended; `exit` is set when it is known. The last event of a program.
    case exited
    /// A version was loaded; `version` is set.
    case loaded
    /// An update was accepted; `update` and `version` are set.
    case accepted
    /// Which procedures differ; `procedures` is set.
    case changed
    /// The procedures on the stacks when the target was first stopped; `procedures` is set.
    case stack
    /// The changed procedures that were inactive then; `procedures` is set.
    case inactive
    /// Procedures moved to `version`; `procedures` is set.
    case warped
    /// The returns of what holds the update are waited for.
    case gated
    /// Static data took a new initial value, or kept what it had.
    case data
    /// Procedures are held; `waiting` is set.
    case waiting
    /// The target was stopped for `pause_us`.
    case paused
    /// The update is complete; `report` is set.
    case completed
    /// The update was undone; `report` is set.
    case undone
    /// The update was refused; `report` is set.
    case refused
    /// A user connects; the mapper says so.
    case user
    /// One line about a primitive that was carried out (`pup --debug`).
    case primitive
  }

  /// Counts the events of this pup from 1, so that a gap shows events that a slow watcher missed.
  package var sequence: Int
  package var program: String
  package var kind: Kind
  /// The update that the event belongs to (`UpdateReport.id`).
  package var update: Int?
  package var version: Int?
  package var procedures: [String]?
  package var waiting: [WaitingProcedure]?
  /// The length of a stop, in microseconds.
  package var pauseMicroseconds: Int?
  package var pid: Int?
  package var exit: Int?
  package var report: UpdateReport?
  /// One line for people; a colon at its end says that `procedures` belong below it.
  package var message: String

  /// The message, and the names that belong below it.
  package var lines: [String] {
    [message] + (message.hasSuffix(":") ? procedures ?? [] : [])
  }

  package init(
    sequence: Int = 0, program: String, kind: Kind, update: Int? = nil, version: Int? = nil,
    procedures: [String]? = nil, waiting: [WaitingProcedure]? = nil,
    pauseMicroseconds: Int? = nil, pid: Int? = nil, exit: Int? = nil, report: UpdateReport? = nil,
    message: String
  ) {
    self.sequence = sequence
    self.program = program
    self.kind = kind
    self.update = update
    self.version = version
    self.procedures = procedures
    self.waiting = waiting
    self.pauseMicroseconds = pauseMicroseconds
    self.pid = pid
    self.exit = exit
    self.report = report
    self.message = message
  }

  enum CodingKeys: String, CodingKey {
    case sequence, program, kind, update, version, procedures, waiting
    case pauseMicroseconds = "pause_us"
    case pid, exit, report, message
  }
}

/// What `Watch` asks for.
package struct WatchRequest: Codable, Hashable, Sendable {
  /// Only the events of this update, ending with its outcome; `nil` is everything until the end.
  package var update: Int?

  package init(update: Int? = nil) { self.update = update }
}
