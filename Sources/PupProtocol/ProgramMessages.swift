/// What `Load` asks for: a version to be prepared, from an executable or from PODUS's two files.
package struct LoadRequest: Codable, Hashable, Sendable {
  /// The executable, absolute; it carries its delta and object.
  package var path: String?
  /// `x.delta`, absolute; the executable is `x` beside it, checked by build ID.
  package var delta: String?
  /// `x.pup.o`, absolute.
  package var object: String?
  /// The number that it must get: the next one; `nil` takes whatever that is.
  package var version: Int?

  package init(
    path: String? = nil, delta: String? = nil, object: String? = nil, version: Int? = nil
  ) {
    self.path = path
    self.delta = delta
    self.object = object
    self.version = version
  }
}

/// What was loaded.
package struct LoadReport: Codable, Hashable, Sendable {
  package var program: String
  /// The number under which `update` finds it.
  package var version: Int
  /// The GNU build ID, lower-case hexadecimal.
  package var build: String
  /// How many procedures it has.
  package var procedures: Int
  /// δ*, which procedures each one may come to call, by procedure number; `nil` for more than 64.
  package var reach: [[Int]]?
  /// Of the procedures' code.
  package var codeBytes: Int
  /// Where its code is, or will be once it is needed: hexadecimal, with 0x.
  package var address: String

  package init(
    program: String, version: Int, build: String, procedures: Int, reach: [[Int]]? = nil,
    codeBytes: Int = 0, address: String = "0x0"
  ) {
    self.program = program
    self.version = version
    self.build = build
    self.procedures = procedures
    self.reach = reach
    self.codeBytes = codeBytes
    self.address = address
  }
}

/// What `Run` asks for: the target's start.
package struct RunRequest: Codable, Hashable, Sendable {
  /// The executable, absolute; `nil` runs what was loaded.
  package var path: String?
  /// The arguments from argv[0] on; empty means the path alone.
  ///
  /// Without `path`, those after argv[0].
  package var arguments: [String]
  /// `NAME=value` strings; `nil` gives the target the pup's own environment.
  package var environment: [String]?
  /// The working directory, absolute; `nil` is the pup's own.
  package var directory: String?
  /// A file that standard output and error are appended to, with standard input from `/dev/null`;
  /// `nil` gives the target the pup's own standard files.
  package var log: String?

  package init(
    path: String? = nil, arguments: [String] = [], environment: [String]? = nil,
    directory: String? = nil, log: String? = nil
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.log = log
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    path = try fields.decodeIfPresent(String.self, forKey: .path)
    arguments = try fields.decodeIfPresent([String].self, forKey: .arguments) ?? []
    environment = try fields.decodeIfPresent([String].self, forKey: .environment)
    directory = try fields.decodeIfPresent(String.self, forKey: .directory)
    log = try fields.decodeIfPresent(String.self, forKey: .log)
  }
}

/// What `Attach` asks for: to adopt a process that runs already.
package struct AttachRequest: Codable, Hashable, Sendable {
  /// The target's process ID.
  package var pid: Int
  /// The file that its output goes to, if an earlier pup gave it one.
  package var log: String?

  package init(pid: Int, log: String? = nil) {
    self.pid = pid
    self.log = log
  }
}

/// What became of an adoption.
package struct AttachReport: Codable, Hashable, Sendable {
  /// What happened to an update that the dead pup left pending.
  package enum Pending: String, Codable, Hashable, Sendable {
    /// None was pending.
    case none
    /// It was carried through.
    case finished
    /// It goes on, and waits.
    case waiting
    /// It was undone.
    case undone
  }

  package var pending: Pending
  package var status: StatusReport
  /// One line about the pending update, for people.
  package var message: String?

  package init(pending: Pending, status: StatusReport, message: String? = nil) {
    self.pending = pending
    self.status = status
    self.message = message
  }
}

/// What `Stop` asks for: SIGTERM, and SIGKILL after a while.
package struct StopRequest: Codable, Hashable, Sendable {
  /// Seconds between the two signals.
  package var seconds: Double

  package init(seconds: Double = 10) { self.seconds = seconds }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    seconds = try fields.decodeIfPresent(Double.self, forKey: .seconds) ?? 10
  }
}

/// What a program is doing.
package enum ProgramState: String, Codable, Hashable, Sendable {
  /// A version is loaded, or nothing yet; no target was started.
  case loaded
  case running
  /// The target runs and an update is pending.
  case updating
  case exited
  /// The pup died; the target may run.
  case lost
}

/// The process being updated.
package struct TargetStatus: Codable, Hashable, Sendable {
  /// Its process ID; `nil` before it was started.
  package var pid: Int?
  /// Its exit status, or 128 plus the number of the signal that ended it; `nil` while it runs,
  /// and when nobody could see it end.
  package var exit: Int?
  /// The file that its output goes to, if the pup gave it one.
  package var log: String?

  package init(pid: Int? = nil, exit: Int? = nil, log: String? = nil) {
    self.pid = pid
    self.exit = exit
    self.log = log
  }
}

/// The pup of a program.
package struct PupStatus: Codable, Hashable, Sendable {
  /// Its process ID; `nil` when it has ended or died.
  package var pid: Int?

  package init(pid: Int? = nil) { self.pid = pid }
}

/// An update that was accepted and is not complete.
package struct PendingUpdate: Codable, Hashable, Sendable {
  /// `UpdateReport.id`.
  package var id: Int
  package var from: Int
  package var to: Int
  package var waiting: [WaitingProcedure]

  package init(id: Int, from: Int, to: Int, waiting: [WaitingProcedure]) {
    self.id = id
    self.from = from
    self.to = to
    self.waiting = waiting
  }
}

/// A program as `status` and `list` show it.
package struct StatusReport: Codable, Hashable, Sendable {
  package var program: String
  package var state: ProgramState
  /// The highest accepted version; 0 before the first is loaded.
  package var version: Int
  package var target: TargetStatus
  package var pup: PupStatus
  package var pending: [PendingUpdate]

  package init(
    program: String, state: ProgramState, version: Int, target: TargetStatus = TargetStatus(),
    pup: PupStatus = PupStatus(), pending: [PendingUpdate] = []
  ) {
    self.program = program
    self.state = state
    self.version = version
    self.target = target
    self.pup = pup
    self.pending = pending
  }
}
