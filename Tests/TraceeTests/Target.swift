import Glibc
import TestSupport
import Testing
import Tracee
import VersionSpace

/// A running C program and a tracer for it.
final class Target: Sendable {
  let pid: Int32
  let tracer = Tracer(on: TracerThread(named: "test-tracer"))

  init(_ started: StartedCommand) { pid = started.pid }

  var facts: ProcessFacts {
    get throws(TraceeFailure) { try ProcessFacts(pid: pid) }
  }

  /// Stops it `count` times, with a breath between.
  func stop(times count: Int, deadline: Duration = .seconds(5)) async throws {
    for _ in 0..<count {
      let threads = try await tracer.withStopped(pid, deadline: deadline) {
        (process) throws(TraceeFailure) in process.threads.count
      }.outcome
      #expect(threads > 0)
      await pause(.milliseconds(1))
    }
  }

  /// Whether no thread is traced, soon: a failed stop may let go a little later.
  func isFree() async -> Bool {
    await eventually {
      try? ProcessFacts.threads(of: pid).allSatisfy { tid in
        contents(of: "/proc/\(pid)/task/\(tid)/status").contains("TracerPid:\t0\n")
      }
    } ?? false
  }

  /// How a stop fails, or `nil` if it does not.
  func failure(
    deadline: Duration = .milliseconds(50), image: ImageIdentity? = nil
  ) async -> TraceeFailure? {
    do throws(TraceeFailure) {
      _ = try await tracer.withStopped(pid, deadline: deadline, image: image) {
        (process) throws(TraceeFailure) in process.threads.count
      }
      return nil
    } catch {
      return error
    }
  }
}

/// `eventually` for a condition that may not be known.
private func eventually(_ condition: () -> Bool?) async -> Bool? {
  await TestSupport.eventually(within: .seconds(5)) { condition() ?? false }
}
