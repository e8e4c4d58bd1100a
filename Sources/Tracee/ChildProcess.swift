import CPtrace
import Glibc
package import VersionSpace

/// A program that we started.
package struct ChildProcess: Sendable {
  package let pid: Int32

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: its path.
  ///   - arguments: from argv[0] on.
  ///   - environment: `NAME=value`.
  ///   - directory: where it starts, `nil` for ours.
  ///   - input: a descriptor for standard input, `nil` for ours.
  ///   - output: likewise for standard output and error.
  ///   - newSession: away from our terminal and process group.
  /// - Throws: `.system(.exec, errno)` when it cannot be executed.
  package init(
    executable: String, arguments: [String], environment: [String], directory: String?,
    input: Int32?, output: Int32?, newSession: Bool
  ) throws(TraceeFailure) {
    let argv = CStrings(arguments)
    let envp = CStrings(environment)
    let started = unsafe cs_spawn(
      executable, argv.pointers, envp.pointers, directory, input ?? -1, output ?? -1, output ?? -1,
      newSession ? 1 : 0)
    guard started > 0 else { throw .system(operation: .exec, code: -started) }
    pid = started
  }

  /// Blocks until the process has ended, without touching its wait status.
  package static func waitForEnd(of pid: Int32) {
    let descriptor = cs_pidfd_open(pid)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while unsafe poll(&poller, 1, -1) < 0, errno == EINTR {}
  }

  /// The exit status, or 128 + signal, of an ended child; `nil` if nobody can tell any more.
  package static func reap(_ pid: Int32) -> Int? {
    var status: Int32 = 0
    if let seen = ExitStatuses.take(pid) {
      status = seen
    } else if unsafe waitpid(pid, &status, 0) != pid {
      return nil
    }
    return status & 0x7F == 0 ? Int((status >> 8) & 0xFF) : 128 + Int(status & 0x7F)
  }
}

/// A NULL-terminated array of C strings.
@safe private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    unsafe pointers = .allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
    unsafe pointers[strings.count] = nil
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}
