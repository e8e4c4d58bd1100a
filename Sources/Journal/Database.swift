import CSQLite

/// An open SQLite connection; closed when dropped.
@safe final class Database: @unchecked Sendable {
  // Guarded by JournalFile's lock.
  private let handle: OpaquePointer
  private let path: String

  init(path: String) throws(JournalFailure) {
    var opened: OpaquePointer?
    let status = unsafe sqlite3_open_v2(
      path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nil)
    guard status == SQLITE_OK, let opened = unsafe opened else {
      let text = unsafe String(cString: sqlite3_errstr(status))
      throw .cannotOpen(path: path, text)
    }
    unsafe handle = opened
    self.path = path
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  var lastRow: Int { unsafe Int(sqlite3_last_insert_rowid(handle)) }

  /// Runs statements without values.
  func execute(_ sql: String) throws(JournalFailure) { try check(tryExecute(sql)) }

  func tryExecute(_ sql: String) -> Int32 { unsafe sqlite3_exec(handle, sql, nil, nil, nil) }

  func run(_ sql: String, _ values: [String?]) throws(JournalFailure) { _ = try rows(sql, values) }

  /// Runs one statement; gives its rows as text.
  func rows(_ sql: String, _ values: [String?]) throws(JournalFailure) -> [[String?]] {
    var statement: OpaquePointer?
    try check(unsafe sqlite3_prepare_v2(handle, sql, -1, &statement, nil))
    defer { unsafe sqlite3_finalize(statement) }
    for (index, value) in values.enumerated() {
      let column = Int32(index + 1)
      if let value {
        let bytes = Array(value.utf8) + [0]
        // SQLITE_TRANSIENT: SQLite copies the bytes.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        let status = unsafe bytes.withUnsafeBytes { buffer in
          unsafe sqlite3_bind_text(
            statement, column, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(bytes.count - 1), transient)
        }
        try check(status)
      } else {
        try check(unsafe sqlite3_bind_null(statement, column))
      }
    }
    var result: [[String?]] = []
    while true {
      let status = unsafe sqlite3_step(statement)
      if status == SQLITE_DONE { return result }
      guard status == SQLITE_ROW else { throw failure(status) }
      let count = unsafe sqlite3_column_count(statement)
      result.append(
        (0..<count).map { column in
          unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) }
        })
    }
  }

  private func check(_ status: Int32) throws(JournalFailure) {
    guard status == SQLITE_OK else { throw failure(status) }
  }

  private func failure(_ status: Int32) -> JournalFailure {
    switch status & 0xFF {
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt(path: path)
    case SQLITE_FULL: return .full(path: path)
    case SQLITE_BUSY, SQLITE_LOCKED: return .busy(path: path)
    default: return .failed(path: path, unsafe String(cString: sqlite3_errmsg(handle)))
    }
  }
}
