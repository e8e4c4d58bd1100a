/// What the mapper knows about a program, also after it has ended.
package struct ProgramRecord: Codable, Hashable, Sendable {
  /// What became of the pup.
  package enum State: String, Codable, Hashable, Sendable {
    /// Its pup runs.
    case live
    /// The pup ended in order: the target has ended, or was left alone.
    case ended
    /// The pup died.
    case lost
  }

  package var name: String
  package var state: State
  /// The pup, also when it has ended.
  package var pup: ProcessIdentity
  /// The pup's socket, absolute.
  package var endpoint: String
  /// The user whose program it is.
  package var uid: UInt32
  package var target: ProcessIdentity?
  /// The target's exit status, or 128 plus a signal's number.
  package var exit: Int?
  /// The file that the target's output goes to.
  package var log: String?
  /// The highest accepted version, as the pup last said.
  package var version: Int

  package init(
    name: String, state: State = .live, pup: ProcessIdentity, endpoint: String, uid: UInt32,
    target: ProcessIdentity? = nil, exit: Int? = nil, log: String? = nil, version: Int = 0
  ) {
    self.name = name
    self.state = state
    self.pup = pup
    self.endpoint = endpoint
    self.uid = uid
    self.target = target
    self.exit = exit
    self.log = log
    self.version = version
  }

  /// Whether the target is known to run.
  package var isTargetAlive: Bool { target?.isAlive ?? false }

  /// The program's status when no pup answers for it.
  package var lastKnownStatus: StatusReport {
    let state: ProgramState =
      switch self.state {
      case .lost: .lost
      case .ended: .exited
      case .live: target == nil ? .loaded : .running
      }
    return StatusReport(
      program: name, state: state, version: version,
      target: TargetStatus(pid: target?.pid, exit: exit, log: log),
      pup: PupStatus(pid: self.state == .live ? pup.pid : nil))
  }

  /// Checks that a program's name can be a file's name: letters of any script, digits and `._-+`, at
  /// most 64 bytes.
  ///
  /// - Throws: `malformed` for any other, and for one that begins with `.` or `-`.
  package static func check(_ name: String) throws(ServiceFailure) {
    let isGood = name.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .nonspacingMark, .spacingMark, .decimalNumber:
        true
      default: "._-+".unicodeScalars.contains(scalar)
      }
    }
    guard isGood, (1...64).contains(name.utf8.count), let first = name.first,
      first != ".", first != "-", name != "mapper"
    else {
      throw .malformed(
        "bad-name",
        "\(String(name.prefix(64)).debugDescription) is no program name: up to 64 letters, digits and ._-+"
      )
    }
  }
}

/// What the mapper tells a pup: that a user asked for it.
package struct UserAlert: Codable, Hashable, Sendable {
  package var uid: UInt32
  package var pid: Int32
  /// The other host that the user comes from, as its bridge says.
  package var from: String?

  package init(uid: UInt32, pid: Int32, from: String? = nil) {
    self.uid = uid
    self.pid = pid
    self.from = from
  }

  /// The event that tells the watchers of program `name`.
  package func event(of name: String) -> ProgramEvent {
    let place = from.map { " from \($0)" } ?? ""
    return ProgramEvent(
      program: name, kind: .user, message: "user \(uid)\(place) connects to \(name)")
  }
}
