import Journal

/// Writes into the journal that its argument names until it is killed: each round sets two facts to
/// the same value, and begins, moves and ends an update.
@main enum JournalWriter {
  static func main() throws(JournalFailure) {
    guard CommandLine.arguments.count == 2 else { return }
    let journal = try JournalFile(path: CommandLine.arguments[1])
    for round in 0... {
      try journal.set(["left": "\(round)", "right": "\(round)"])
      let id = try journal.begin(plan: "plan \(round)")
      try journal.move(id, to: .injected, progress: "progress \(id)")
      try journal.move(id, to: round % 2 == 0 ? .done : .undone)
      if round % 50 == 0 { try journal.shrink() }
    }
  }
}
