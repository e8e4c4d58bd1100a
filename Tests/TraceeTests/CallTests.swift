import Glibc
import TestSupport
import Testing
import Tracee
import VersionSpace

/// Functions run in a stopped program, whose blocked thread must not notice.
@Suite(.timeLimit(.minutes(2))) struct CallTests {
  /// Where the program says that things are.
  private struct Places: Sendable {
    var stub, stack, returns, crashes, spins, sleeps, clobbers, lingers, aborts: TraceeAddress

    init?(_ output: String) {
      let words = output.split(whereSeparator: \.isWhitespace).dropFirst().prefix(9)
        .compactMap { UInt64($0, radix: 16) }.map { TraceeAddress(rawValue: $0) }
      guard words.count == 9 else { return nil }
      (stub, stack, returns, crashes) = (words[0], words[1], words[2], words[3])
      (spins, sleeps, clobbers) = (words[4], words[5], words[6])
      (lingers, aborts) = (words[7], words[8])
    }
  }

  @Test(arguments: ["poll", "poll-limit", "sleep", "epoll", "futex", "read", "none"])
  func `many calls of every ending leave the blocked thread as it was`(kind: String)
    async throws
  {
    let program = try await CProgram(Programs.called)
    let started = try await program.start(kind)
    defer { started.kill() }
    let target = Target(started)
    let places = try #require(Places(started.output))
    let mask = signalMask(of: target.pid)
    for round in 0..<25 {
      let short = Duration.milliseconds(2)
      let plan: [(TraceeAddress, Duration, CallOutcome)] = [
        (places.returns, .seconds(5), .returned),
        (places.clobbers, .seconds(5), .returned),
        round % 2 == 0 ? (places.spins, short, .timedOut) : (places.sleeps, short, .timedOut),
        (
          places.crashes, .seconds(5),
          .faulted(signal: SIGSEGV, at: TraceeAddress(rawValue: 16))
        ),
        (
          places.aborts, .seconds(5), .faulted(signal: SIGABRT, at: TraceeAddress(rawValue: 0))
        ),
      ]
      for (function, limit, expected) in plan {
        let outcome = try await target.tracer.withStopped(target.pid, deadline: .seconds(5)) {
          [stack = places.stack, stub = places.stub] (process) throws(TraceeFailure) in
          try process.call(function, stackTop: stack, returnStub: stub, limit: limit)
        }.outcome
        #expect(outcome == expected)
      }
    }
    #expect(signalMask(of: target.pid) == mask)
    #expect(await target.isFree())
    #expect(kind == "sleep" || !started.output.contains("end:"), "\(started.output)")
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { started.output.contains("end:") })
    // A futex that was woken before it waits again says EAGAIN, as it would without us.
    let results = ["poll": [1], "poll-limit": [1], "epoll": [1], "read": [1], "futex": [0, -11]]
    #expect(
      (results[kind] ?? [0]).contains {
        started.output.hasSuffix("end: result \($0) same 1 early 0 called 100\n")
      }, "\(started.output)")
  }

  @Test func `a program that job control has stopped runs no function`() async throws {
    let started = try await CProgram(Programs.called).start("none")
    defer { started.kill() }
    let target = Target(started)
    let places = try #require(Places(started.output))
    kill(target.pid, SIGSTOP)
    #expect(await eventually { (try? target.facts.state) == "T" })
    let outcome = try await target.tracer.withStopped(target.pid, deadline: .seconds(5)) {
      (process) throws(TraceeFailure) in
      try process.call(
        places.returns, stackTop: places.stack, returnStub: places.stub, limit: .seconds(5))
    }.outcome
    #expect(outcome == .noThread)
    #expect(await target.isFree())
    #expect(await eventually { (try? target.facts.state) == "T" })
  }

  @Test(arguments: ["epoll", "futex", "read", "none"])
  func `a thread comes back by itself if the tracer dies in a call`(kind: String) async throws {
    let program = try await CProgram(Programs.called)
    let started = try await program.start(kind)
    defer { started.kill() }
    let target = Target(started)
    let places = try #require(Places(started.output))
    let mask = signalMask(of: target.pid)
    let tracer = try Command(
      Surroundings.tool("BorrowingTracer"),
      ["call", "\(target.pid)"]
        + [places.lingers, places.stack, places.stub].map { String($0.rawValue, radix: 16) }
    ).start()
    #expect(await eventually { started.output.contains("in call") }, "\(tracer.output)")
    #expect(signalMask(of: target.pid) != mask)
    tracer.kill()
    #expect(await eventually { !tracer.isRunning })
    #expect(await target.isFree())
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { started.output.contains("end:") })
    // The futex word has changed when the call is made again.
    let results = ["epoll": 1, "read": 1, "futex": -11]
    #expect(
      started.output.hasSuffix("end: result \(results[kind] ?? 0) same 1 early 0 called 1\n"),
      "\(started.output)")
  }

  @Test func `a signal that comes during a call is delivered afterwards`() async throws {
    let program = try await CProgram(Programs.called)
    let started = try await program.start("read")
    defer { started.kill() }
    let target = Target(started)
    let places = try #require(Places(started.output))
    let pid = target.pid
    let call = Task {
      try await target.tracer.withStopped(pid, deadline: .seconds(5)) {
        (process) throws(TraceeFailure) in
        try process.call(
          places.lingers, stackTop: places.stack, returnStub: places.stub, limit: .seconds(1))
      }.outcome
    }
    #expect(await eventually { started.output.contains("in call") })
    kill(pid, SIGSTOP)
    let outcome = try await call.value
    #expect(outcome == .timedOut)
    #expect(await eventually { (try? target.facts.state) == "T" })
    #expect(await target.isFree())
    kill(pid, SIGCONT)
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { started.output.contains("end:") })
    #expect(started.output.hasSuffix("end: result 1 same 1 early 0 called 1\n"))
  }

  private func signalMask(of pid: Int32) -> Substring? {
    contents(of: "/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("SigBlk") }
  }
}
