import Glibc
import TestSupport
import Testing
import Tracee
import Unwinding
import VersionSpace

/// Stops of real programs, seen from the programs' side.
@Suite(.timeLimit(.minutes(2))) struct StopTests {
  @Test func `a stop and release leaves the program running and untraced`() async throws {
    let started = try await CProgram(Programs.ticks).start()
    defer { started.kill() }
    let target = Target(started)
    let times = try await target.tracer.withStopped(target.pid, deadline: .seconds(5)) {
      [pid = target.pid] (process) throws(TraceeFailure) in
      #expect(process.threads == [pid])
      #expect(try ProcessFacts(pid: pid).state == "t")
      #expect(try process.registers(of: pid).instructionPointer != 0)
    }.times
    #expect(times.arrivalMicroseconds <= times.stoppedMicroseconds)
    #expect(try target.facts.tracer == 0)
    #expect(await goesOn(started))
  }

  @Test func `fifty stops are not noticed by blocked calls, a pending SIGTERM is`() async throws {
    let started = try await CProgram(Programs.waits).start()
    defer { started.kill() }
    let target = Target(started)
    try await target.stop(times: 50)
    await pause(.milliseconds(20))
    #expect(!started.output.contains("BAD"), "\(started.output)")
    _ = try await target.tracer.withStopped(target.pid, deadline: .seconds(5)) {
      [pid = target.pid] (process) throws(TraceeFailure) in
      kill(pid, SIGTERM)
    }
    #expect(await eventually { started.output.contains("end:") })
    #expect(
      started.output.contains("end: main Interrupted system call asked 1 bad 0\n"),
      "\(started.output)")
  }

  @Test func `stops that fail because threads come late are not noticed by blocked calls`()
    async throws
  {
    let started = try await CProgram(Programs.waits).start("starved")
    defer { started.kill() }
    let target = Target(started)
    var failures = 0
    for _ in 0..<20 {
      switch await target.failure(deadline: .microseconds(5)) {
      case nil: continue
      case .deadline: failures += 1
      case let other?: Issue.record("\(other)")
      }
    }
    #expect(failures > 0)
    await pause(.milliseconds(20))
    #expect(started.output == "ready\n")
    #expect(await target.isFree())
  }

  @Test func `a signal that the program ignores, caught in a stop, is not noticed either`()
    async throws
  {
    let started = try await CProgram(Programs.waits).start()
    defer { started.kill() }
    let target = Target(started)
    let pid = target.pid
    let storm = Task.detached {
      while !Task.isCancelled {
        kill(pid, SIGWINCH)
        usleep(20)
      }
    }
    try await target.stop(times: 200)
    storm.cancel()
    await storm.value
    await pause(.milliseconds(20))
    #expect(started.output == "ready\n")
    #expect(await target.isFree())
  }

  @Test func `threads may be born and die during fifty stops`() async throws {
    let started = try await CProgram(Programs.churn).start()
    defer { started.kill() }
    let target = Target(started)
    try await target.stop(times: 50, deadline: .seconds(10))
    #expect(await target.isFree())
    #expect(await goesOn(started))
  }

  @Test func `a program whose first thread has ended can be stopped`() async throws {
    let started = try await CProgram(Programs.ticks).start("threads")
    defer { started.kill() }
    let target = Target(started)
    let isZombie = await eventually { (try? target.facts.state) == "Z" }
    #expect(isZombie)
    #expect(await target.failure(deadline: .seconds(2)) == nil)
    #expect(await target.isFree())
    #expect(await goesOn(started))
  }

  @Test func `a program that gdb traces is left to gdb`() async throws {
    let started = try await CProgram(Programs.ticks).start()
    defer { started.kill() }
    let target = Target(started)
    let gdb = try Command(
      "/usr/bin/gdb", ["-nx", "-batch", "-p", "\(target.pid)", "-ex", "shell sleep 60"]
    ).start()
    let isTraced = await eventually { (try? target.facts.tracer) == gdb.pid }
    #expect(isTraced)
    #expect(await target.failure() == .traced(pid: target.pid, by: gdb.pid))
    #expect(try target.facts.tracer == gdb.pid)
    gdb.kill()
    #expect(await target.isFree())
    #expect(await goesOn(started))
  }

  @Test func `a program that job control has stopped stays stopped`() async throws {
    let started = try await CProgram(Programs.ticks).start()
    defer { started.kill() }
    let target = Target(started)
    kill(target.pid, SIGSTOP)
    #expect(await eventually { (try? target.facts.state) == "T" })
    try await target.stop(times: 5)
    #expect(await target.isFree())
    await pause(.milliseconds(30))
    #expect(try target.facts.state == "T")
    let printed = started.output.count
    await pause(.milliseconds(30))
    #expect(started.output.count == printed)
    kill(target.pid, SIGCONT)
    #expect(await goesOn(started))
  }

  @Test func `a parent in vfork is refused, and goes on when its child ends`() async throws {
    let program = try await CProgram(Programs.vforking)
    let started = try await program.start()
    defer { started.kill() }
    let target = Target(started)
    let thread = target.pid
    #expect(await eventually { !ProcessFacts.children(of: thread, thread: thread).isEmpty })
    let child = ProcessFacts.children(of: thread, thread: thread)[0]
    #expect(await target.failure() == .shared(with: [child]))
    #expect(await target.isFree())
    #expect(await target.failure() == .shared(with: [child]))
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { started.output.contains("back") })
    #expect(await target.isFree())
    #expect(await target.failure(deadline: .seconds(5)) == nil)
    #expect(await goesOn(started))
  }

  @Test func `a process that shares the memory is named`() async throws {
    let program = try await CProgram(Programs.cloning)
    let started = try await program.start("vm")
    defer { started.kill() }
    let target = Target(started)
    #expect(await eventually { started.output.contains("back") })
    let child = try #require(ProcessFacts.children(of: target.pid, thread: target.pid).first)
    #expect(await target.failure() == .shared(with: [child]))
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { await target.failure(deadline: .seconds(5)) == nil })
    #expect(await goesOn(started))
  }

  @Test func `a thread that does not come is named, and nothing stays stopped`() async throws {
    let program = try await CProgram(Programs.cloning)
    let started = try await program.start("vfork")
    defer { started.kill() }
    let target = Target(started)
    let pid = target.pid
    #expect(await eventually { !ProcessFacts.children(of: pid, thread: pid).isEmpty })
    #expect(await target.failure() == .deadline(missing: [pid]))
    #expect(await target.isFree())
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { started.output.contains("back") })
    #expect(await target.failure(deadline: .seconds(5)) == nil)
    #expect(await goesOn(started))
  }

  @Test func `another image of the same file in the same process is told apart`() async throws {
    let program = try await CProgram(Programs.executing)
    let started = try await program.start()
    defer { started.kill() }
    let target = Target(started)
    let memory = try ProcessMemory(pid: target.pid)
    let image = try ImageIdentity(of: memory)
    let place = try #require(started.output.split(whereSeparator: \.isWhitespace).dropFirst().first)
    let mark = TraceeAddress(rawValue: try #require(UInt64(place, radix: 16)))
    #expect(try memory.word(at: mark) == 17)
    #expect(await target.failure(deadline: .seconds(5), image: image) == nil)
    #expect(try ImageIdentity(of: ProcessMemory(pid: target.pid)) == image)
    try write([], to: "\(program.folder)/go")
    #expect(await eventually { started.output.split(separator: "ready").count > 2 })
    #expect(await target.failure(deadline: .seconds(5), image: image) == .replaced(pid: target.pid))
    #expect(await target.failure(deadline: .seconds(5)) == nil)
    #expect(throws: TraceeFailure.replaced(pid: target.pid)) { try memory.word(at: mark) }
    #expect(throws: TraceeFailure.replaced(pid: target.pid)) { try ImageIdentity(of: memory) }
    #expect(throws: TraceeFailure.replaced(pid: target.pid)) {
      let bytes: [UInt8] = [1]
      try memory.write(bytes.span, at: mark)
    }
    #expect(await target.isFree())
    started.kill()
    #expect(await eventually { !started.isRunning })
    #expect(throws: TraceeFailure.gone(pid: target.pid)) { try memory.word(at: mark) }
  }

  @Test func `a program goes on if its tracer dies in a stop`() async throws {
    let started = try await CProgram(Programs.ticks).start()
    defer { started.kill() }
    let target = Target(started)
    let tracer = try Command(Surroundings.tool("BorrowingTracer"), ["hold", "\(target.pid)"])
      .start()
    #expect(await eventually { tracer.output.contains("held") })
    let failure = await target.failure()
    #expect(failure == .traced(pid: target.pid, by: tracer.pid))
    tracer.kill()
    #expect(await target.isFree())
    #expect(await goesOn(started))
  }

  @Test(.enabled(if: getuid() == 0, "another user is needed"))
  func `another user's program may not be stopped`() async throws {
    let started = try await CProgram(Programs.ticks).start()
    defer { started.kill() }
    let folder = try temporaryFolder(named: "tracer")
    defer { removeFolder(folder) }
    unsafe chmod(folder, 0o755)
    try copy(Surroundings.tool("BorrowingTracer"), to: "\(folder)/tracer")
    let output = try await toolOutput(
      "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "\(folder)/tracer",
      "stop", "\(started.pid)")
    #expect(output == "notPermitted(pid: \(started.pid))\n")
    #expect(await Target(started).isFree())
    #expect(await goesOn(started))
  }

  @Test func `a process that has ended is gone`() async throws {
    let started = try await CProgram(Programs.ticks).start()
    let target = Target(started)
    started.kill()
    #expect(await eventually { !started.isRunning })
    #expect(await target.failure() == .gone(pid: target.pid))
  }
}

/// Whether the program goes on printing.
func goesOn(_ started: StartedCommand) async -> Bool {
  let before = started.output.count
  return await eventually(within: .seconds(5)) { started.output.count > before }
}
