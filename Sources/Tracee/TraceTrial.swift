import CPtrace
import Glibc
package import VersionSpace

/// Tries everything that an update asks of the kernel, on a child of our own.
package struct TraceTrial: Sendable {
  package enum Step: String, Sendable, Hashable, CaseIterable {
    /// Starting a child.
    case start
    /// Seizing and interrupting it.
    case stop
    case registers
    /// By process_vm_readv(2).
    case read
    /// Through `/proc/PID/mem`, into memory that is read-only to the child.
    case write
    /// The same by PTRACE_POKEDATA, which is used where the kernel forbids the other way.
    case poke
    /// That it runs on, with nobody attached.
    case release
    /// A perf_event execute breakpoint.
    case breakpoint
  }

  /// What kept each step from working, or `nil` if it works.
  ///
  /// Steps that were not come to are missing.
  package private(set) var outcomes: [(step: Step, failure: TraceeFailure?)] = []
  /// How long the child was stopped, in microseconds.
  package private(set) var stoppedMicroseconds = 0

  /// Starts `executable` as the child, which must sleep for a while, and ends it afterwards.
  @concurrent package static func run(
    _ executable: String, _ arguments: [String]
  ) async -> TraceTrial {
    var trial = TraceTrial()
    let child: ChildProcess
    do throws(TraceeFailure) {
      child = try ChildProcess(
        executable: executable, arguments: arguments, environment: [], directory: "/", input: nil,
        output: nil, newSession: true)
      trial.outcomes.append((.start, nil))
    } catch {
      trial.outcomes.append((.start, error))
      return trial
    }
    await trial.trace(child.pid)
    kill(child.pid, SIGKILL)
    _ = ChildProcess.reap(child.pid)
    return trial
  }

  private mutating func trace(_ pid: Int32) async {
    let tracer = Tracer(on: TracerThread(named: "trial"))
    do throws(TraceeFailure) {
      let header = try Self.header(of: pid)
      let stopped = try await tracer.withStopped(pid, deadline: .seconds(2)) {
        (process) throws(TraceeFailure) in Self.touch(&process, header)
      }
      outcomes.append((.stop, nil))
      outcomes += stopped.outcome
      stoppedMicroseconds = stopped.times.stoppedMicroseconds
      outcomes.append((.release, Self.attempt { () throws(TraceeFailure) in try Self.isFree(pid) }))
      outcomes.append(
        (.breakpoint, Self.attempt { () throws(TraceeFailure) in try Self.watch(pid, header) }))
    } catch {
      outcomes.append((.stop, error))
    }
  }

  /// The address of the child's ELF header, which is read-only to it and which nothing uses any more.
  private static func header(of pid: Int32) throws(TraceeFailure) -> TraceeAddress {
    guard let headers = try ProcessFacts(pid: pid).auxiliaryVector()[3] else {
      throw .gone(pid: pid)
    }
    return TraceeAddress(rawValue: headers & ~4095)
  }

  private static func touch(
    _ process: inout StoppedProcess, _ header: TraceeAddress
  ) -> [(Step, TraceeFailure?)] {
    // Padding of the ELF header (`EI_PAD`).
    let place = TraceeAddress(rawValue: header.rawValue + 8)
    let pid = process.pid
    let memory = process.memory
    var outcomes: [(Step, TraceeFailure?)] = []
    outcomes.append(
      (.registers, attempt { () throws(TraceeFailure) in _ = try process.registers(of: pid) }))
    outcomes.append((.read, attempt { () throws(TraceeFailure) in try read(pid, place) }))
    outcomes.append(
      (
        .write,
        attempt { () throws(TraceeFailure) in
          let bytes: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7]
          try memory.write(bytes.span, at: place)
          guard try memory.bytes(at: place, byteCount: 8) == bytes else {
            throw TraceeFailure.fault(at: place, byteCount: 8)
          }
        }
      ))
    let bytes: [UInt8] = [7, 6, 5, 4, 3, 2, 1, 0]
    do throws(TraceeFailure) {
      try process.poke(bytes.span, at: place)
      let isThere = try memory.bytes(at: place, byteCount: 8) == bytes
      outcomes.append((.poke, isThere ? nil : .fault(at: place, byteCount: 8)))
    } catch {
      outcomes.append((.poke, error))
    }
    return outcomes
  }

  private static func read(_ pid: Int32, _ place: TraceeAddress) throws(TraceeFailure) {
    var buffer = [UInt8](repeating: 0, count: 8)
    let count = unsafe cs_read_memory(pid, place.rawValue, &buffer, buffer.count)
    guard count != buffer.count else { return }
    throw .system(operation: .read, code: count < 0 ? Int32(-count) : EFAULT)
  }

  private static func isFree(_ pid: Int32) throws(TraceeFailure) {
    let facts = try ProcessFacts(pid: pid)
    guard facts.tracer == 0 else { throw .traced(pid: pid, by: facts.tracer) }
    guard !"tTZX".contains(facts.state) else { throw .gone(pid: pid) }
  }

  private static func watch(_ pid: Int32, _ place: TraceeAddress) throws(TraceeFailure) {
    var ring: UnsafeMutableRawPointer?
    let opened = unsafe cs_watch_open(pid, place.rawValue, &ring)
    guard opened >= 0, let ring = unsafe ring else {
      throw .system(operation: .perf, code: -opened)
    }
    unsafe cs_watch_close(opened, ring)
  }

  private static func attempt(_ body: () throws(TraceeFailure) -> Void) -> TraceeFailure? {
    do throws(TraceeFailure) {
      try body()
      return nil
    } catch {
      return error
    }
  }
}
