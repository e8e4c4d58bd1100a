import Testing
import Unwinding
import VersionSpace

/// Walks at many points of a run, between any two instructions, compared with gdb's.
@Suite(.timeLimit(.minutes(3))) struct RecordedWalkTests {
  @Test(arguments: [
    ["-O0"], ["-O2"], ["-O3", "-fno-omit-frame-pointer"], ["-Os", "-fcf-protection=none"],
    ["-O1", "-static", "-no-pie"], ["-O2", "-fno-plt", "-Wl,-z,now"],
  ])
  func `finds the frames that gdb finds, or says where it cannot`(flags: [String]) async throws {
    let program = try await CompiledProgram("walks", ["-Wl,-z,lazy"] + flags)
    let recorded = try await RecordedPoints(program: program.path, steps: 40, places: "stop_here")
    let table = UnwindTable(recorded.modules)
    #expect(recorded.points.count >= 90)
    var wholeCount = 0
    for (number, point) in recorded.points.enumerated() {
      let stack = point.walk(table)
      guard case .notSafe(let reason, _) = stack.end else {
        #expect(stack.programCounters == point.programCounters, "point \(number)")
        wholeCount += 1
        continue
      }
      // clone3 behind its system call, and the entries of a static program's PLT, have no rows;
      // gdb guesses there.
      #expect(reason == .noUnwindRow, "point \(number)")
      #expect(point.programCounters.starts(with: stack.programCounters), "point \(number)")
    }
    #expect(wholeCount * 20 >= recorded.points.count * 19)
  }

  @Test func `walks through return gates at any instruction`() async throws {
    let program = try await RuntimeProgram(.positionIndependent)
    let recorded = try await RecordedPoints(
      program: program.path, arguments: ["stand"], steps: 0,
      places: "usleep;__pup_gate_wait;*(char*)&__pup_gates+128")
    let table = UnwindTable(recorded.modules)
    // Standing in usleep, the thread has five gates above it.
    #expect(recorded.points.contains { $0.programCounters.count > 12 })
    for (number, point) in recorded.points.enumerated() {
      let stack = point.walk(table)
      #expect(stack.programCounters == point.programCounters, "point \(number)")
      #expect(stack.end == .outermost, "point \(number)")
    }
  }

  @Test func `stops at the first frame whose stack cannot be read`() async throws {
    let program = try await CompiledProgram("walks", ["-O2"])
    let recorded = try await RecordedPoints(program: program.path, steps: 0, places: "stop_here")
    let table = UnwindTable(recorded.modules)
    for var point in recorded.points where point.walk(table).end == .outermost {
      point.memory.pages = [:]
      let stack = point.walk(table)
      #expect(stack.frames.count == 1)
      #expect(stack.end == .notSafe(.unreadableStack, at: stack.frames[0].programCounter))
    }
  }

  @Test func `follows no more frames than it is told to`() async throws {
    let program = try await CompiledProgram("walks", ["-O2"])
    let recorded = try await RecordedPoints(program: program.path, steps: 0, places: "stop_here")
    let table = UnwindTable(recorded.modules)
    let deepest = try #require(
      recorded.points.max { $0.programCounters.count < $1.programCounters.count })
    #expect(deepest.programCounters.count > 40)
    let stack = StackWalker.walk(
      tid: 7, registers: deepest.registers, memory: deepest.memory, table: table, limit: 40)
    #expect(stack.tid == 7)
    #expect(stack.programCounters == Array(deepest.programCounters.prefix(40)))
    guard case .notSafe(.tooDeep, _) = stack.end else {
      Issue.record("unexpected end \(stack.end)")
      return
    }
  }
}

extension RecordedPoints.Point {
  func walk(_ table: UnwindTable) -> ThreadStack {
    StackWalker.walk(tid: 1, registers: registers, memory: memory, table: table, limit: 1000)
  }
}

extension ThreadStack {
  var programCounters: [UInt64] { frames.map(\.programCounter.rawValue) }
}
