import CPtrace
import Glibc
import VersionSpace

/// The threads of a process that we have seized.
struct Attachment: ~Copyable {
  let pid: Int32
  /// By rising id; those that have ended are not among them.
  private var seized: [Int32] = []
  private var isInterrupted = false
  private var stopped: [StoppedThread] = []

  init(_ pid: Int32) throws(TraceeFailure) {
    self.pid = pid
    let facts = try ProcessFacts(pid: pid)
    guard facts.tracer == 0 else { throw .traced(pid: pid, by: facts.tracer) }
  }

  mutating func seize() throws(TraceeFailure) {
    while try !seizeNewThreads().isEmpty {}
    guard !seized.isEmpty else { throw .gone(pid: pid) }
  }

  /// Seizes the threads that were not seized yet, and returns them.
  private mutating func seizeNewThreads() throws(TraceeFailure) -> [Int32] {
    let known = Set(seized)
    var found: [Int32] = []
    for tid in try ProcessFacts.threads(of: pid) where !known.contains(tid) {
      do throws(TraceeFailure) {
        try check(.seize, tid, cs_seize(tid))
        found.append(tid)
      } catch {
        // A thread that has ended and is still listed may not be seized: EPERM, not ESRCH.
        guard error == .gone(pid: tid) || ProcessFacts.hasEnded(pid: pid, thread: tid) else {
          seized += found
          throw error
        }
      }
    }
    seized = (seized + found).sorted()
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
    var running = seized
    repeat {
      for tid in running { _ = cs_interrupt(tid) }
      try waitForStops(running, until: end)
      guard !seized.isEmpty else { throw .gone(pid: pid) }
      // As many as we hold: nobody was born meanwhile, and the list need not be read.
      guard ProcessFacts.threadCount(of: pid) != seized.count else { break }
      running = try seizeNewThreads()
    } while !running.isEmpty
  }

  private mutating func waitForStops(
    _ running: [Int32], until end: ContinuousClock.Instant
  ) throws(TraceeFailure) {
    stopped.reserveCapacity(stopped.count + running.count)
    for (index, tid) in running.enumerated() {
      var patience = Patience(until: end)
      while !hasArrived(tid) {
        guard !patience.waits() else { continue }
        throw .deadline(missing: running[index...].filter { !hasArrived($0) })
      }
    }
  }

  /// Notes that a thread has stopped, or ended; false if it has not by now.
  private mutating func hasArrived(_ tid: Int32) -> Bool {
    switch Self.look(at: tid) {
    case nil: return false
    case .stopped(let stop): stopped.append(StoppedThread(tid: tid, stop: stop))
    case .ended: seized.removeAll { $0 == tid }
    }
    return true
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
  mutating func handOver(_ memory: ProcessMemory, _ keeper: Keeper?) -> StoppedProcess {
    seized = []
    defer { stopped = [] }
    return StoppedProcess(pid: pid, held: stopped, memory: memory, keeper: keeper)
  }

  /// Lets the threads that have stopped go on, and each of the others as soon as it stops: the
  /// interrupt has ended its system call already, which it must not notice.
  ///
  /// A thread that sleeps uninterruptibly is in no call that an interrupt ends, and may not come.
  ///
  /// - Returns: whether there are such. They stay attached until our own thread ends.
  mutating func letGo() -> Bool {
    for thread in stopped { thread.letGo() }
    let gone = Set(stopped.map(\.tid))
    seized.removeAll(where: gone.contains)
    let end = ContinuousClock().now + .seconds(5)
    while isInterrupted, !seized.isEmpty, ContinuousClock().now < end {
      seized.removeAll { tid in
        switch Self.look(at: tid) {
        case nil: return false
        case .stopped(let stop): StoppedThread(tid: tid, stop: stop).letGo()
        case .ended: break
        }
        return true
      }
      if seized.allSatisfy({ ProcessFacts.state(pid: pid, thread: $0) == "D" }) { break }
      usleep(50)
    }
    return !seized.isEmpty
  }
}

/// How to wait for what comes within microseconds, or much later.
private struct Patience {
  private let end: ContinuousClock.Instant
  private var rounds = 0
  /// A thread stops within some 50 µs, if a core is free for it, and sleeping takes longer.
  private static let quickRounds = 100

  init(until end: ContinuousClock.Instant) { self.end = end }

  /// Waits a little; false once the time is over.
  mutating func waits() -> Bool {
    guard ContinuousClock().now < end else { return false }
    rounds += 1
    if rounds <= Self.quickRounds { sched_yield() } else { usleep(20) }
    return true
  }
}
