import CSQLite
import Glibc
import Synchronization

/// The durable record of one program's updates, in one SQLite file.
///
/// `synchronous=OFF`: it must survive the pup's death at any instruction, which the kernel's page
/// cache does, and not the machine's, which the target does not survive either. Each call is one
/// transaction. Any thread may call; calls are put in order.
package final class JournalFile: Sendable {
  private let database: Mutex<Database>

  /// Opens or creates the journal.
  ///
  /// - Throws: `.cannotOpen`, `.corrupt`, `.otherFormat`.
  package init(path: String) throws(JournalFailure) {
    let opened = try Database(path: path)
    try opened.execute(
      """
      PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;
      CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS updates (
        id INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, plan TEXT NOT NULL,
        progress TEXT NOT NULL, began REAL NOT NULL, note TEXT NOT NULL DEFAULT '');
      CREATE TABLE IF NOT EXISTS steps (
        id INTEGER PRIMARY KEY AUTOINCREMENT, "update" INTEGER NOT NULL, name TEXT NOT NULL,
        at REAL NOT NULL);
      """)
    database = Mutex(opened)
  }

  /// One row of the updates.
  package struct Update: Hashable, Sendable {
    package var id: Int
    package var state: State
    package var plan: String
    package var progress: String

    package init(id: Int, state: State, plan: String, progress: String) {
      self.id = id
      self.state = state
      self.plan = plan
      self.progress = progress
    }
  }

  package enum State: String, Hashable, Sendable {
    /// Planned; bytes may be half written where no code leads.
    case preparing
    /// All bytes are in the arenas; slots may be written from now on.
    case injected
    case done
    case undone
  }

  /// Begins an update, in state `preparing`.
  package func begin(plan: String) throws(JournalFailure) -> Int {
    try call { (database) throws(JournalFailure) in
      try database.run(
        "INSERT INTO updates (state, plan, progress, began) VALUES ('preparing', ?, '', \(Self.now))",
        [plan])
      return database.lastRow
    }
  }

  /// Moves an update on, and notes it as a step.
  package func move(
    _ id: Int, to state: State, progress: String? = nil, note: String = ""
  ) throws(JournalFailure) {
    try call { (database) throws(JournalFailure) in
      try database.run(
        "UPDATE updates SET state = ?, progress = COALESCE(?, progress), note = ? WHERE id = \(id)",
        [state.rawValue, progress, note])
      try database.run(
        "INSERT INTO steps (\"update\", name, at) VALUES (\(id), ?, \(Self.now))", [state.rawValue])
    }
  }

  /// The newest update, if any was ever begun.
  package func newest() throws(JournalFailure) -> Update? {
    try call { (database) throws(JournalFailure) in
      let rows = try database.rows(
        "SELECT id, state, plan, progress FROM updates ORDER BY id DESC LIMIT 1", [])
      guard let row = rows.first, let id = row[0].flatMap({ Int($0) }),
        let state = row[1].flatMap(State.init(rawValue:))
      else { return nil }
      return Update(id: id, state: state, plan: row[2] ?? "", progress: row[3] ?? "")
    }
  }

  /// Forgets the plans of ended updates, which are large; their rows stay.
  package func shrink() throws(JournalFailure) {
    try call { (database) throws(JournalFailure) in
      try database.run(
        "UPDATE updates SET plan = '', progress = '' WHERE state IN ('done', 'undone') AND plan != ''",
        [])
      try database.run(
        "DELETE FROM steps WHERE id < (SELECT MAX(id) FROM steps) - 10000", [])
    }
  }

  /// Sets facts in one transaction; `nil` removes one.
  package func set(_ facts: [String: String?]) throws(JournalFailure) {
    try call { (database) throws(JournalFailure) in
      for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
        if let value {
          try database.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", [name, value])
        } else {
          try database.run("DELETE FROM facts WHERE name = ?", [name])
        }
      }
    }
  }

  package func fact(_ name: String) throws(JournalFailure) -> String? {
    try call { (database) throws(JournalFailure) in
      try database.rows("SELECT value FROM facts WHERE name = ?", [name]).first?[0]
    }
  }

  private static var now: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Runs `body` as one transaction.
  private func call<Value: Sendable>(
    _ body: (Database) throws(JournalFailure) -> Value
  ) throws(JournalFailure) -> Value {
    let result: Result<Value, JournalFailure> = database.withLock { database in
      do throws(JournalFailure) {
        try database.execute("BEGIN IMMEDIATE")
        do throws(JournalFailure) {
          let value = try body(database)
          try database.execute("COMMIT")
          return .success(value)
        } catch {
          _ = database.tryExecute("ROLLBACK")
          return .failure(error)
        }
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

/// Why the journal could not be used.
package enum JournalFailure: Error, Hashable, Sendable {
  case cannotOpen(path: String, String)
  case corrupt(path: String)
  case full(path: String)
  /// Another pup holds it.
  case busy(path: String)
  case failed(path: String, String)

  package var sentence: String {
    switch self {
    case .cannotOpen(let path, let text): "\(path): \(text)"
    case .corrupt(let path): "\(path): is damaged; move it away and attach again"
    case .full(let path): "\(path): the disk is full"
    case .busy(let path): "\(path): another pup holds it"
    case .failed(let path, let text): "\(path): \(text)"
    }
  }
}
