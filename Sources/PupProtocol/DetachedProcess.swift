import CSocket
import FoundationEssentials
import Glibc

/// Starting our own programs as processes that outlive us.
package enum DetachedProcess {
  /// Starts `executable`, a path, in a session of its own, with the caller's environment.
  ///
  /// Standard input is `/dev/null`; output and error go to `output`, a path that is appended to, or
  /// to `/dev/null`. Descriptor 3 is a copy of `passing`, unless that is -1.
  /// - Returns: the process ID; the process is no child of the caller.
  @discardableResult
  package static func start(
    _ executable: String, _ arguments: [String], directory: String? = nil,
    output: String? = nil, passing: Int32 = -1
  ) throws(TalkFailure) -> Int32 {
    var log: Int32 = -1
    if let output {
      log = unsafe open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard log >= 0 else { throw .system(operation: .start, path: output, code: errno) }
    }
    defer { if log >= 0 { close(log) } }
    let pid = unsafe withCStrings([executable] + arguments) { argv in
      if let directory {
        unsafe cs_spawn_detached(argv, nil, directory, log, passing)
      } else {
        unsafe cs_spawn_detached(argv, nil, nil, log, passing)
      }
    }
    guard pid > 0 else { throw .system(operation: .start, path: executable, code: -pid) }
    return pid
  }

  /// The path of our program `name`: beside this executable, else in `PATH`.
  package static func sibling(_ name: String) throws(TalkFailure) -> String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = splitPath(own).directory + "/" + name
    if unsafe access(beside, X_OK) == 0 { return beside }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    for directory in path.split(separator: ":") {
      let candidate = absolutePath("\(directory)/\(name)")
      if unsafe access(candidate, X_OK) == 0 { return candidate }
    }
    throw .system(operation: .start, path: name, code: ENOENT)
  }
}

/// Runs `body` with `strings` as a list for exec(3).
func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers = unsafe strings.map { unsafe strdup($0) }
  defer { unsafe pointers.forEach { unsafe free($0) } }
  unsafe pointers.append(nil)
  return unsafe body(pointers)
}
