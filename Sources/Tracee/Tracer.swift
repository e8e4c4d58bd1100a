import CPtrace
import Glibc
package import VersionSpace

/// The only door to ptrace(2). Every method runs on the tracer's kernel thread.
package actor Tracer {
  private let thread: TracerThread

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  package init(on thread: TracerThread) { self.thread = thread }

  /// Stops all threads of `pid`, runs `body` on this actor's thread, and lets them go.
  ///
  /// The handle cannot outlive the call and `body` cannot suspend, so the program is stopped for
  /// exactly as long as `body` takes. Nothing of us is attached before or afterwards.
  ///
  /// - Parameters:
  ///   - pid: the process.
  ///   - deadline: how long to wait for threads to arrive.
  ///   - image: which exec's memory it must have, if that matters.
  ///   - body: what to do meanwhile.
  /// - Returns: what `body` returned, and how long the stop lasted.
  /// - Throws: `.traced`, `.notPermitted`, `.gone`, `.shared`, `.replaced` and `.deadline`: then all
  ///   threads were let go.
  package func withStopped<Outcome: Sendable>(
    _ pid: Int32, deadline: Duration, image: ImageIdentity? = nil,
    _ body: @Sendable (inout StoppedProcess) throws(TraceeFailure) -> Outcome
  ) throws(TraceeFailure) -> Stopped<Outcome> {
    let clock = ContinuousClock()
    let memory = try ProcessMemory(pid: pid)
    var attachment = try Attachment(pid)
    let start: ContinuousClock.Instant
    do throws(TraceeFailure) {
      try attachment.seize()
      try attachment.checkForSharers()
      start = clock.now
      try attachment.stopAll(within: deadline)
      if let image, try ImageIdentity(of: memory) != image { throw .replaced(pid: pid) }
    } catch {
      if attachment.letGo() { thread.retire() }
      throw error
    }
    let arrived = clock.now
    var process = attachment.stopped(memory)
    let outcome: Outcome
    do throws(TraceeFailure) {
      outcome = try body(&process)
    } catch {
      process.release()
      throw error
    }
    process.release()
    return Stopped(
      outcome: outcome,
      times: StopTimes(
        stoppedMicroseconds: (clock.now - start).microseconds,
        arrivalMicroseconds: (arrived - start).microseconds))
  }
}

/// What a stop gave, and how long it lasted.
package struct Stopped<Outcome: Sendable>: Sendable {
  package var outcome: Outcome
  package var times: StopTimes
}

package struct StopTimes: Sendable, Hashable {
  /// From the first interrupt to the last detach, in microseconds.
  package var stoppedMicroseconds: Int
  /// Of which until the last thread had arrived.
  package var arrivalMicroseconds: Int
}

extension Duration {
  var microseconds: Int {
    Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
  }
}

/// The threads of a process that we have seized.
private struct Attachment: ~Copyable {
  let pid: Int32
  private var seized: Set<Int32> = []
  private var isInterrupted = false
  private var stops: [Int32: ThreadStop] = [:]

  init(_ pid: Int32) throws(TraceeFailure) {
    self.pid = pid
    let facts = try ProcessFacts(pid: pid)
    guard facts.tracer == 0 else { throw .traced(pid: pid, by: facts.tracer) }
  }

  mutating func seize() throws(TraceeFailure) {
    while try seizeNewThreads() {}
    guard !seized.isEmpty else { throw .gone(pid: pid) }
  }

  /// True if there were threads that were not seized yet.
  private mutating func seizeNewThreads() throws(TraceeFailure) -> Bool {
    var found = false
    for tid in try ProcessFacts.threads(of: pid) where !seized.contains(tid) {
      do throws(TraceeFailure) {
        try check(.seize, tid, cs_seize(tid))
        seized.insert(tid)
        found = true
      } catch {
        // A thread that has ended and is still listed may not be seized: EPERM, not ESRCH.
        guard error == .gone(pid: tid) || ProcessFacts.hasEnded(pid: pid, thread: tid) else {
          throw error
        }
      }
    }
    return found
  }

  /// Processes that share the memory: an unfinished vfork, or CLONE_VM.
  borrowing func checkForSharers() throws(TraceeFailure) {
    let children = seized.flatMap { ProcessFacts.children(of: pid, thread: $0) }
    let sharers = children.filter { cs_shares_memory(pid, $0) == 1 }
    guard sharers.isEmpty else { throw .shared(with: sharers.sorted()) }
  }

  mutating func stopAll(within deadline: Duration) throws(TraceeFailure) {
    let end = ContinuousClock().now + deadline
    isInterrupted = true
    repeat {
      for tid in seized where stops[tid] == nil { _ = cs_interrupt(tid) }
      try waitForStops(until: end)
      guard !seized.isEmpty else { throw .gone(pid: pid) }
    } while try seizeNewThreads()
  }

  private mutating func waitForStops(
    until end: ContinuousClock.Instant
  ) throws(TraceeFailure) {
    var waiting = seized.filter { stops[$0] == nil }
    var idleRounds = 0
    while !waiting.isEmpty {
      var arrived = false
      for tid in waiting {
        switch Attachment.look(at: tid) {
        case nil: continue
        case .stopped(let stop): stops[tid] = stop
        case .ended:
          seized.remove(tid)
        }
        waiting.remove(tid)
        arrived = true
      }
      if arrived {
        idleRounds = 0
        continue
      }
      guard ContinuousClock().now < end else { throw .deadline(missing: waiting.sorted()) }
      idleRounds += 1
      if idleRounds > 20 { usleep(20) }
    }
  }

  private enum Look {
    case stopped(ThreadStop)
    case ended
  }

  /// Whether a thread has stopped or ended by now.
  private static func look(at tid: Int32) -> Look? {
    var raw: Int32 = 0
    let found = unsafe cs_wait(tid, &raw)
    if found == -ECHILD { return .ended }
    guard found == tid else { return nil }
    switch WaitStatus(raw) {
    case .ended(let status):
      ExitStatuses.note(tid, status)
      return .ended
    case .signal(let signal): return .stopped(ThreadStop(signal: signal))
    case .group: return .stopped(ThreadStop(isGroupStop: true))
    case .interrupted, .systemCall: return .stopped(ThreadStop())
    }
  }

  /// Hands the stopped threads on.
  mutating func stopped(_ memory: ProcessMemory) -> StoppedProcess {
    seized = []
    return StoppedProcess(pid: pid, stops: stops, memory: memory)
  }

  /// Lets the threads that have stopped go on, and each of the others as soon as it stops: the
  /// interrupt has ended its system call already, which it must not notice.
  ///
  /// A thread that sleeps uninterruptibly is in no call that an interrupt ends, and may not come.
  ///
  /// - Returns: whether there are such. They stay attached until our own thread ends.
  mutating func letGo() -> Bool {
    for (tid, stop) in stops { StoppedProcess.letGo(tid, stop) }
    seized.subtract(stops.keys)
    let end = ContinuousClock().now + .seconds(5)
    while isInterrupted, !seized.isEmpty, ContinuousClock().now < end {
      for tid in seized {
        switch Attachment.look(at: tid) {
        case nil: continue
        case .stopped(let stop): StoppedProcess.letGo(tid, stop)
        case .ended: break
        }
        seized.remove(tid)
      }
      if seized.allSatisfy({ ProcessFacts.state(pid: pid, thread: $0) == "D" }) { break }
      usleep(50)
    }
    return !seized.isEmpty
  }
}
