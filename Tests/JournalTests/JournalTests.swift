import Journal
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct JournalTests {
  @Test func `an update's course is kept`() throws {
    let folder = try temporaryFolder(named: "journal")
    defer { removeFolder(folder) }
    let path = "\(folder)/a.journal"
    let text = "a plan with ' and \" and \u{1F355} \(String(repeating: "long ", count: 100_000))"
    do {
      let journal = try JournalFile(path: path)
      #expect(try journal.newest() == nil)
      let first = try journal.begin(plan: "first")
      try journal.move(first, to: .undone)
      let id = try journal.begin(plan: text)
      #expect(id > first)
      #expect(
        try journal.newest() == .init(id: id, state: .preparing, plan: text, progress: ""))
      try journal.move(id, to: .injected, progress: "half")
      try journal.set(["pid": "17", "gone": "x"])
      try journal.set(["gone": nil])
    }
    let journal = try JournalFile(path: path)
    let newest = try #require(try journal.newest())
    #expect(newest.state == .injected)
    #expect(newest.plan == text)
    #expect(newest.progress == "half")
    try journal.move(newest.id, to: .done, note: "well")
    #expect(try journal.newest()?.progress == "half")
    try journal.shrink()
    #expect(try journal.newest() == .init(id: newest.id, state: .done, plan: "", progress: ""))
    #expect(try journal.fact("pid") == "17")
    #expect(try journal.fact("gone") == nil)
  }

  @Test func `a writer that is killed between or in its calls leaves a consistent journal`()
    async throws
  {
    let folder = try temporaryFolder(named: "journal")
    defer { removeFolder(folder) }
    let path = "\(folder)/a.journal"
    var last = 0
    for round in 0..<12 {
      let writer = try Command(Surroundings.tool("JournalWriter"), [path]).start()
      // Looking takes the journal's lock too: seldom, or the writer hardly comes to write.
      let goesOn = await eventually(within: .seconds(60)) {
        await pause(.milliseconds(50))
        return ((try? JournalFile(path: path).newest())?.map(\.id) ?? 0) > last
      }
      #expect(goesOn)
      await pause(.milliseconds(3 + 2 * round))
      writer.kill()
      #expect(await eventually { !writer.isRunning })
      let journal = try JournalFile(path: path)
      #expect(try journal.fact("left") == journal.fact("right"))
      let newest = try #require(try journal.newest())
      #expect(newest.id > last)
      switch newest.state {
      case .preparing:
        #expect(newest.progress.isEmpty && newest.plan.hasPrefix("plan "))
      case .injected: #expect(newest.progress == "progress \(newest.id)")
      case .done, .undone:
        #expect(newest.plan.isEmpty || newest.progress == "progress \(newest.id)")
      }
      last = newest.id
    }
  }

  @Test func `a file that is no journal is named as such and left alone`() throws {
    let folder = try temporaryFolder(named: "journal")
    defer { removeFolder(folder) }
    let path = "\(folder)/a.journal"
    let garbage = (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
    try write(garbage, to: path)
    #expect(throws: JournalFailure.corrupt(path: path)) { try JournalFile(path: path) }
    #expect(bytes(of: path) == garbage)
    do throws(JournalFailure) {
      _ = try JournalFile(path: "\(folder)/no/such.journal")
      Issue.record("opened a journal in no folder")
    } catch {
      guard case .cannotOpen(path: "\(folder)/no/such.journal", _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `a damaged journal gives a typed error or what it held`() throws {
    let folder = try temporaryFolder(named: "journal")
    defer { removeFolder(folder) }
    let path = "\(folder)/a.journal"
    do {
      let journal = try JournalFile(path: path)
      for round in 0..<50 {
        _ = try journal.begin(plan: String(repeating: "plan \(round) ", count: 200))
      }
    }
    let sound = bytes(of: path)
    #expect(sound.count > 100_000)
    var dice = Dice()
    var refused = 0
    for _ in 0..<60 {
      var damaged = dice.damaged(sound)
      if dice.roll(2) == 0 { damaged = Array(damaged.prefix(dice.roll(damaged.count))) }
      let start = dice.roll(max(damaged.count - 4096, 1))
      for index in start..<min(start + 2000, damaged.count) { damaged[index] = 0xA5 }
      for suffix in ["-wal", "-shm"] { removeFolder(path + suffix) }
      try write(damaged, to: path)
      do throws(JournalFailure) {
        let journal = try JournalFile(path: path)
        let newest = try journal.newest()
        #expect(newest == nil || newest.map { $0.id >= 1 } == true)
        _ = try journal.begin(plan: "next")
      } catch {
        #expect(error == .corrupt(path: path) || error.sentence.hasPrefix(path))
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}
