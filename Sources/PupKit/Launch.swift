import Glibc
import PupProtocol
import Relinking
import Tracee
import Updating
import VersionSpace

/// Starts a target and waits until its constructors have run and `main` is next.
struct Launch: Sendable {
  let request: RunRequest
  let version: LoadedVersion
  /// The file to execute.
  let path: String
  /// Told where execution begins, before it does.
  var onBegin: @Sendable (TraceeAddress) -> Void = { _ in }

  struct Started: Sendable {
    var child: ChildProcess
    var target: TargetProcess
  }

  func start() async throws(PupFailure) -> Started {
    let child = try await spawnPatiently()
    if let entry = try? ProcessFacts(pid: child.pid).auxiliaryVector()[9] {
      onBegin(TraceeAddress(rawValue: entry))
    }
    let clock = ContinuousClock()
    let end = clock.now + Self.patience
    var pause = Duration.microseconds(500)
    while true {
      if let target = try ready(child.pid, isLast: clock.now > end) {
        return Started(child: child, target: target)
      }
      if Self.hasEnded(child.pid) {
        let status = ChildProcess.reap(child.pid)
        throw .refused(
          code: "early-exit",
          "\(path) ended before main was entered, with status \(status.map(String.init) ?? "unknown")"
        )
      }
      do { try await clock.sleep(for: pause) } catch { break }
      pause = min(pause * 2, .milliseconds(10))
    }
    throw .refused(code: "cancelled", "\(path): the start was given up")
  }

  /// Starts the program; where somebody who forked meanwhile holds a file that was just written open
  /// for a moment (ETXTBSY), tries again.
  private func spawnPatiently() async throws(PupFailure) -> ChildProcess {
    for _ in 0..<20 {
      do throws(TraceeFailure) {
        return try spawn()
      } catch {
        guard error == .system(operation: .exec, code: ETXTBSY) else {
          throw executionFailure(error)
        }
        do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
      }
    }
    throw executionFailure(.system(operation: .exec, code: ETXTBSY))
  }

  private func executionFailure(_ failure: TraceeFailure) -> PupFailure {
    guard case .system(let operation, let code) = failure else { return .tracee(failure, pid: 0) }
    let text = unsafe String(cString: strerror(code))
    guard operation == .exec else { return .refused(code: "log", "\(request.log ?? ""): \(text)") }
    return .refused(code: "exec", "\(path): cannot be executed: \(text)")
  }

  private func spawn() throws(TraceeFailure) -> ChildProcess {
    var input: Int32?
    var output: Int32?
    defer {
      for descriptor in [input, output] { if let descriptor { close(descriptor) } }
    }
    if let log = request.log {
      input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
      let opened = unsafe open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard opened >= 0 else { throw .system(operation: .open, code: errno) }
      output = opened
    }
    return try ChildProcess(
      executable: path, arguments: request.arguments.isEmpty ? [path] : request.arguments,
      environment: request.environment ?? Environment.current, directory: request.directory,
      input: input, output: output, newSession: request.log != nil)
  }

  /// How long the dynamic linker may take until the runtime's descriptor makes sense; constructors
  /// may take longer.
  private static let patience = Duration.seconds(60)

  /// The target, once its runtime says that it has started; `nil` before.
  private func ready(_ pid: Int32, isLast: Bool) throws(PupFailure) -> TargetProcess? {
    do throws(PupFailure) {
      let target = try TargetProcess(pid: pid, running: version.index.image.delta)
      guard try target.hasStarted() else { return nil }
      return target
    } catch {
      switch error {
      case .tracee(.fault, _) where isLast:
        kill(pid, SIGKILL)
        _ = ChildProcess.reap(pid)
        throw .refused(
          code: "no-descriptor",
          "\(path) runs, but what pupcc linked into it cannot be found: \(error.sentence)")
      // Before the dynamic linker has relocated it, the descriptor makes no sense yet.
      case .tracee(.fault, _), .tracee(.gone, _), .tracee(.replaced, _): return nil
      default: throw error
      }
    }
  }

  private static func hasEnded(_ pid: Int32) -> Bool {
    do throws(TraceeFailure) {
      return try ProcessFacts(pid: pid).state == "Z"
    } catch {
      return true
    }
  }
}

/// Our own environment as `NAME=value`.
enum Environment {
  static var current: [String] {
    var result: [String] = []
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      unsafe result.append(String(cString: entry))
      unsafe next = next.successor()
    }
    return result
  }
}
