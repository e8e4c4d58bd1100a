/// The versions of a program that its pup knows.
package struct VersionsReport: Codable, Hashable, Sendable {
  package var program: String
  /// The highest accepted version.
  package var version: Int
  /// By rising number.
  package var versions: [VersionReport]
  /// The procedures that the pending update changes; empty if none is pending.
  package var procedures: [ProcedureState]
  /// All procedures of the highest version, by number.
  package var names: [String]
  /// Absent before the program runs.
  package var arenas: ArenaReport?

  package init(program: String, version: Int) {
    self.program = program
    self.version = version
    versions = []
    procedures = []
    names = []
  }
}

package struct VersionReport: Codable, Hashable, Sendable {
  package enum State: String, Codable, Hashable, Sendable {
    /// It ran before; some of its code may still be in use.
    case earlier
    case running
    /// The program is being updated to it.
    case pending
    /// It was read, and no update to it was asked for.
    case loaded
  }

  package var version: Int
  package var state: State
  /// The GNU build ID, lower-case hexadecimal.
  package var build: String?
  /// The file that it was read from.
  package var path: String?
  /// When it came to this state (of an earlier one, when it began to run); ISO 8601, UTC.
  package var since: String?
  /// How many procedures it has.
  package var procedures: Int?
  /// How many procedures run the code that it brought; the others' is that of other versions.
  package var code: Int?

  package init(version: Int, state: State) {
    self.version = version
    self.state = state
  }
}

/// How far one procedure of a pending update is.
package struct ProcedureState: Codable, Hashable, Sendable {
  package enum State: String, Codable, Hashable, Sendable {
    /// Its code is in the program, where nothing leads yet.
    case loaded
    case waiting
    case updated
    /// Updated, but an activation that never returns finishes in old code.
    case resident
  }

  package var procedure: String
  package var state: State
  /// The thread and the frame that it waits for.
  package var tid: Int?
  package var frame: String?

  package init(procedure: String, state: State, tid: Int? = nil, frame: String? = nil) {
    self.procedure = procedure
    self.state = state
    self.tid = tid
    self.frame = frame
  }
}

/// What is held and free of the memory that a program has set aside for later versions, in bytes.
package struct ArenaReport: Codable, Hashable, Sendable {
  package var textUsed: Int
  package var textFree: Int
  package var dataUsed: Int
  package var dataFree: Int

  package init(textUsed: Int, textFree: Int, dataUsed: Int, dataFree: Int) {
    self.textUsed = textUsed
    self.textFree = textFree
    self.dataUsed = dataUsed
    self.dataFree = dataFree
  }

  enum CodingKeys: String, CodingKey {
    case textUsed = "text_used"
    case textFree = "text_free"
    case dataUsed = "data_used"
    case dataFree = "data_free"
  }
}
