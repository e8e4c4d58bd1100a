import Glibc
import TestSupport
import Testing
import Tracee
import VersionSpace

/// A process's memory, its facts, and breakpoints that only wake, on one program.
@Suite(.timeLimit(.minutes(2))) struct MemoryTests {
  /// Where the program says that things are.
  private struct Places {
    var constant, variables, answer, hole, visited: TraceeAddress

    init?(_ output: String) {
      let words = output.split(whereSeparator: \.isWhitespace).dropFirst().prefix(5)
        .compactMap { UInt64($0, radix: 16) }.map { TraceeAddress(rawValue: $0) }
      guard words.count == 5 else { return nil }
      (constant, variables, answer) = (words[0], words[1], words[2])
      (hole, visited) = (words[3], words[4])
    }
  }

  private struct Running {
    let program: CProgram
    let started: StartedCommand
    let target: Target
    let places: Places

    init() async throws {
      program = try await CProgram(Programs.memory, ["-O1", "-fcf-protection=none"])
      started = try await program.start()
      target = Target(started)
      places = try #require(Places(started.output))
    }

    /// Whether the program comes to print a line that ends so.
    func prints(_ text: String) async -> Bool {
      await eventually { started.output.contains(": \(text)\n") }
    }
  }

  @Test func `constants, variables and code of a running program are read and written`()
    async throws
  {
    let running = try await Running()
    defer { running.started.kill() }
    let (places, memory) = (running.places, try ProcessMemory(pid: running.target.pid))
    #expect(await running.prints("17 18 0 0 11223344"))
    #expect(try memory.word(at: places.constant) == 17)
    try memory.write([19, 0, 0, 0, 0, 0, 0, 0].span, at: places.constant)
    try memory.write([20].span, at: places.variables)
    let code = try memory.bytes(at: places.answer, byteCount: 6)
    #expect(code == [0xB8, 0x44, 0x33, 0x22, 0x11, 0xC3])
    try memory.write([0x45].span, at: try #require(places.answer.advanced(by: 1)))
    #expect(await running.prints("19 20 0 0 11223345"))
  }

  @Test func `what is not mapped is a fault and changes nothing`() async throws {
    let running = try await Running()
    defer { running.started.kill() }
    let memory = try ProcessMemory(pid: running.target.pid)
    let edge = try #require(running.places.hole.advanced(by: 4092))
    let null = TraceeAddress(rawValue: 0)
    let high = TraceeAddress(rawValue: .max - 7)
    for (place, count) in [(null, 8), (high, 8), (edge, 8), (edge, 5000)] {
      let fault = TraceeFailure.fault(at: place, byteCount: count)
      #expect(throws: fault) { try memory.bytes(at: place, byteCount: count) }
      let failure = await #expect(throws: TraceeFailure.self) {
        try await running.target.tracer.withStopped(running.target.pid, deadline: .seconds(5)) {
          (process) throws(TraceeFailure) in
          try process.bytes(at: place, byteCount: count).count
        }
      }
      #expect(failure == fault)
    }
    #expect(throws: TraceeFailure.fault(at: null, byteCount: 1)) {
      try memory.write([1].span, at: null)
    }
    #expect(try memory.bytes(at: edge, byteCount: 4) == [0, 0, 0, 0])
    #expect(await running.target.isFree())
    #expect(await goesOn(running.started))
  }

  @Test func `pieces are read as far as they are mapped, however many there are`() async throws {
    let running = try await Running()
    defer { running.started.kill() }
    let constantPlace = running.places.constant
    let constant = constantPlace.rawValue
    let edge = running.places.hole.rawValue + 4092
    let kinds: [(range: Range<UInt64>, byteCount: Int)] = [
      (constant..<(constant + 24), 24), (edge..<(edge + 8), 4), (8..<16, 0), (edge..<edge, 0),
    ]
    let wanted = (0..<2600).map { kinds[$0 * 7 % 4] }
    _ = try await running.target.tracer.withStopped(running.target.pid, deadline: .seconds(5)) {
      (process) throws(TraceeFailure) in
      let pieces = process.pieces(of: wanted.map(\.range))
      let whole = try process.bytes(at: constantPlace, byteCount: 24)
      #expect(pieces.places.map(\.byteCount) == wanted.map(\.byteCount))
      for (index, kind) in wanted.enumerated() where kind.byteCount == 24 {
        #expect(Array(pieces[index]) == whole)
      }
    }
  }

  @Test(arguments: 0..<9)
  func `writing by pokes changes the given bytes and none beside them`(lead: Int64) async throws {
    let running = try await Running()
    defer { running.started.kill() }
    let memory = try ProcessMemory(pid: running.target.pid)
    // Read-only to the program.
    let base = try #require(running.places.constant.advanced(by: 4096 - 16))
    let place = try #require(base.advanced(by: lead))
    let count = Int(lead * 2 + 1)
    let written = (0..<count).map { UInt8($0 + 1) }
    _ = try await running.target.tracer.withStopped(running.target.pid, deadline: .seconds(5)) {
      (process) throws(TraceeFailure) in
      try process.poke(written.span, at: place)
      #expect(try process.bytes(at: place, byteCount: count) == written)
    }
    let expected =
      [UInt8](repeating: 0, count: Int(lead)) + written
      + [UInt8](repeating: 0, count: 64 - Int(lead) - count)
    #expect(try memory.bytes(at: base, byteCount: 64) == expected)
  }

  @Test func `several writes are all made if the tracer dies after the first`() async throws {
    let running = try await Running()
    defer { running.started.kill() }
    let words = [0, 8000, 16000].compactMap { running.places.variables.advanced(by: $0) }
    let tracer = try Command(
      Surroundings.tool("BorrowingTracer"),
      ["write", "\(running.target.pid)"] + words.map { String($0.rawValue, radix: 16) }
    ).start()
    #expect(await eventually { !tracer.isRunning })
    #expect(await running.prints("17 1 1 1 11223344"))
    // No state between the two was ever seen.
    let seen = Set(
      running.started.output.split(separator: "\n").dropFirst(2)
        .compactMap { $0.split(separator: ": ").last })
    #expect(seen.isSubset(of: ["17 18 0 0 11223344", "17 1 1 1 11223344"]), "\(seen)")
    #expect(await running.target.isFree())
    #expect(await goesOn(running.started))
  }

  @Test func `facts are read past a name that looks like other fields`() async throws {
    let running = try await Running()
    defer { running.started.kill() }
    let pid = running.target.pid
    let facts = try ProcessFacts(pid: pid)
    let now = try ProcessFacts(pid: getpid())
    #expect(facts.tracer == 0 && facts.userID == getuid())
    #expect(facts.startTime > 0 && facts.startTime >= now.startTime)
    #expect(try ProcessFacts.threads(of: pid).count == 2)
    #expect(ProcessFacts.isAlive(pid, startTime: facts.startTime))
    #expect(!ProcessFacts.isAlive(pid, startTime: facts.startTime + 1))
    let maps = try facts.maps()
    func mapping(_ place: TraceeAddress) -> ProcessFacts.Mapping? {
      maps.first { $0.range.contains(place.rawValue) }
    }
    let code = try #require(mapping(running.places.answer))
    #expect(code.isReadable && !code.isWritable && code.isExecutable)
    #expect(code.path.hasSuffix("/main"))
    let constant = try #require(mapping(running.places.constant))
    #expect(constant.isReadable && !constant.isWritable && !constant.isExecutable)
    let variables = try #require(mapping(running.places.variables))
    #expect(variables.isWritable && !variables.isExecutable)
    #expect(mapping(running.places.hole)?.path == "")
    // AT_ENTRY and AT_PAGESZ.
    let auxiliary = try facts.auxiliaryVector()
    #expect(auxiliary[6] == 4096)
    let entry = try #require(auxiliary[9].map { TraceeAddress(rawValue: $0) })
    #expect(mapping(entry) == code)
    running.started.kill()
    #expect(await eventually { !ProcessFacts.isAlive(pid, startTime: facts.startTime) })
  }

  @Test func `a watch wakes when a thread arrives, and the program does not notice`()
    async throws
  {
    let running = try await Running()
    defer { running.started.kill() }
    let threads = try ProcessFacts.threads(of: running.target.pid)
    for round in 1...3 {
      let watch = try #require(GateWatch(threads: threads, at: running.places.visited))
      #expect(await !watch.arrival(within: .milliseconds(30)))
      try write([], to: "\(running.program.folder)/go")
      #expect(await watch.arrival(within: .seconds(10)))
      #expect(await eventually { running.started.output.contains("visit \(round)\n") })
      #expect(await !watch.arrival(within: .milliseconds(10)))
      if round == 2 { try await running.target.stop(times: 5) }
    }
    // Nobody watches any more.
    try write([], to: "\(running.program.folder)/go")
    #expect(await eventually { running.started.output.contains("visit 4\n") })
    #expect(await running.target.isFree())
    #expect(await goesOn(running.started))
  }

  @Test func `a watch can be woken, and watches threads that are gone without end`() async throws {
    let running = try await Running()
    defer { running.started.kill() }
    let threads = try ProcessFacts.threads(of: running.target.pid)
    let watch = try #require(GateWatch(threads: threads, at: running.places.visited))
    let clock = ContinuousClock()
    let waiting = Task { await watch.arrival(within: .seconds(60)) }
    watch.wake()
    #expect(await !waiting.value)
    running.started.kill()
    #expect(await eventually { !running.started.isRunning })
    let start = clock.now
    #expect(await !watch.arrival(within: .milliseconds(50)))
    #expect(clock.now - start >= .milliseconds(50))
    #expect(GateWatch(threads: threads, at: running.places.visited) != nil)
  }
}
