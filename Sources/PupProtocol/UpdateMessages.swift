/// What `Update` asks for: exactly one of `path`, `version` and `changes` alone says which version.
///
/// Every path is absolute, since the pup's working directory is its own.
package struct UpdateRequest: Codable, Hashable, Sendable {
  /// The executable (or bundle) of the next version.
  package var path: String?
  /// A changes file that adds to what is computed; alone, it means the next loaded version.
  package var changes: String?
  /// The number of a version that is loaded already.
  package var version: Int?
  /// Drops `together` lines and inferred groups; hard groups stay.
  package var noGroups: Bool
  /// Seconds until the reply is due, which the update outlives; 0 replies after the first stop.
  ///
  /// `nil`: what the changes file says, else `defaultWaitSeconds`.
  package var waitSeconds: Double?
  /// Further map files, besides those that the changes file names.
  package var maps: [String]

  package init(
    path: String? = nil, changes: String? = nil, version: Int? = nil, noGroups: Bool = false,
    waitSeconds: Double? = nil, maps: [String] = []
  ) {
    self.path = path
    self.changes = changes
    self.version = version
    self.noGroups = noGroups
    self.waitSeconds = waitSeconds
    self.maps = maps
  }

  /// The wait without `--wait`, in seconds (design section 9).
  package static let defaultWaitSeconds = 10.0

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    path = try fields.decodeIfPresent(String.self, forKey: .path)
    changes = try fields.decodeIfPresent(String.self, forKey: .changes)
    version = try fields.decodeIfPresent(Int.self, forKey: .version)
    noGroups = try fields.decodeIfPresent(Bool.self, forKey: .noGroups) ?? false
    waitSeconds = try fields.decodeIfPresent(Double.self, forKey: .waitSeconds)
    maps = try fields.decodeIfPresent([String].self, forKey: .maps) ?? []
  }
}

/// What `Wait` asks for: the outcome of one update, or of whatever is pending.
package struct WaitRequest: Codable, Hashable, Sendable {
  /// `UpdateReport.id`, or `nil` for the newest update.
  package var update: Int?
  /// Seconds until the reply is due; `nil` waits for as long as it takes.
  package var seconds: Double?

  package init(update: Int? = nil, seconds: Double? = nil) {
    self.update = update
    self.seconds = seconds
  }
}

/// What `Cancel` asks for: to undo a pending update.
package struct CancelRequest: Codable, Hashable, Sendable {
  /// `UpdateReport.id`, or `nil` for the newest pending update.
  package var update: Int?

  package init(update: Int? = nil) { self.update = update }
}

/// A procedure that is not updated yet, and the activation that holds it back.
package struct WaitingProcedure: Codable, Hashable, Sendable {
  /// The procedure's name, `file.c:name` where a name alone is ambiguous.
  package var procedure: String
  /// The thread on whose stack the holding frame lies; 0 when no single thread holds it.
  package var tid: Int
  /// The holding frame, as procedure and offset or place in the source.
  package var frame: String

  package init(procedure: String, tid: Int, frame: String) {
    self.procedure = procedure
    self.tid = tid
    self.frame = frame
  }
}

/// What became of an update, so far or for good.
package struct UpdateReport: Codable, Hashable, Sendable {
  /// The outcome, which tells the exit statuses 1 apart.
  package enum Result: String, Codable, Hashable, Sendable {
    /// Everything is in the new version, except resident procedures.
    case updated
    /// The program is that build already, or nothing differs.
    case already
    /// Some procedures wait; the update stays pending.
    case waiting
    /// The update may not be done; nothing was changed.
    case refused
    /// The update was begun and undone.
    case undone
  }

  /// The update's number in this pup, to be given to `Watch`, `Wait` and `Cancel`; 0 when none began.
  package var id: Int
  package var program: String
  package var result: Result
  /// The version before the update.
  package var from: Int
  /// The version that the update leads to; equals `from` when nothing was accepted.
  package var to: Int
  /// Procedures that differ.
  package var changed: [String]
  /// Unchanged procedures that moved to the new version at once.
  package var warped: [String]
  /// Changed procedures that are in the new version.
  package var updated: [String]
  /// Changed procedures that are still held.
  package var waiting: [WaitingProcedure]
  /// Entry procedures whose live activation finishes in old code.
  package var resident: [String]
  /// Procedures whose only difference is noise.
  package var ignored: [String]
  /// The length of each stop, in microseconds.
  package var pausesMicroseconds: [Int]
  /// The parts of its preparation, in their order; `nil` when none was made.
  package var preparation: [Phase]?
  /// Why the update was refused, undone or waits; one line.
  package var reason: String?
  /// Lines about static data, such as `reset counter` and `keep table`.
  package var data: [String]

  /// A part of preparing an update, and how long it took.
  package struct Phase: Codable, Hashable, Sendable {
    package var name: String
    package var microseconds: Int

    package init(name: String, microseconds: Int) {
      self.name = name
      self.microseconds = microseconds
    }

    enum CodingKeys: String, CodingKey {
      case name
      case microseconds = "us"
    }
  }

  package init(
    id: Int = 0, program: String, result: Result, from: Int, to: Int, changed: [String] = [],
    warped: [String] = [], updated: [String] = [], waiting: [WaitingProcedure] = [],
    resident: [String] = [], ignored: [String] = [], pausesMicroseconds: [Int] = [],
    reason: String? = nil, data: [String] = []
  ) {
    self.id = id
    self.program = program
    self.result = result
    self.from = from
    self.to = to
    self.changed = changed
    self.warped = warped
    self.updated = updated
    self.waiting = waiting
    self.resident = resident
    self.ignored = ignored
    self.pausesMicroseconds = pausesMicroseconds
    self.reason = reason
    self.data = data
  }

  enum CodingKeys: String, CodingKey {
    case id, program, result, from, to, changed, warped, updated, waiting, resident, ignored
    case pausesMicroseconds = "pauses_us"
    case preparation, reason, data
  }
}

extension UpdateReport {
  /// The exit status of `update` and `wait`: a success with resident procedures is a success.
  package var exit: ExitClass {
    switch result {
    case .updated, .already: .done
    case .waiting, .refused, .undone: .cannot
    }
  }
}
