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
    try withStopped(pid, deadline: deadline, image: image, keeping: 0, after: { _ in }) {
      (process, _) throws(TraceeFailure) in try body(&process)
    }
  }

  /// The same, with something to be done on the same kernel thread immediately before: what it
  /// touches is then in the caches during the stop.
  ///
  /// - Parameters:
  ///   - pid: the process.
  ///   - deadline: how long to wait for threads to arrive.
  ///   - image: which exec's memory it must have, if that matters.
  ///   - room: how many bytes of writes that belong together are expected, with 24 for each; 0 if a
  ///     single one, within a page.
  ///   - prepare: what to do while the process still runs; it is given its memory.
  ///   - body: what to do meanwhile, with what `prepare` returned.
  /// - Returns: what `body` returned, and how long the stop lasted.
  /// - Throws: as above, and `.system` if there can be no keeper.
  package func withStopped<Prepared, Outcome: Sendable>(
    _ pid: Int32, deadline: Duration, image: ImageIdentity? = nil,
    keeping room: Int, after prepare: @Sendable (ProcessMemory) -> Prepared,
    _ body: @Sendable (inout StoppedProcess, Prepared) throws(TraceeFailure) -> Outcome
  ) throws(TraceeFailure) -> Stopped<Outcome> {
    let clock = ContinuousClock()
    let memory = try ProcessMemory(pid: pid)
    if let image, try ImageIdentity(of: memory) != image { throw .replaced(pid: pid) }
    let keeper = room > 0 ? try Keeper(for: pid, room: room) : nil
    var attachment = try Attachment(pid)
    let prepared: Prepared
    let start: ContinuousClock.Instant
    do throws(TraceeFailure) {
      try attachment.seize()
      try attachment.checkForSharers()
      prepared = prepare(memory)
      start = clock.now
      try attachment.stopAll(within: deadline)
      if image != nil { try memory.checkIsCurrent() }
    } catch {
      if attachment.letGo() { thread.retire() }
      throw error
    }
    let arrived = clock.now
    var process = attachment.handOver(memory, keeper)
    let outcome: Outcome
    do throws(TraceeFailure) {
      outcome = try body(&process, prepared)
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
