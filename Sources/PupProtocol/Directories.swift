import CSocket
import FoundationEssentials
import Glibc

/// Where sockets and the mapper's records lie; ours alone (design section 9).
package struct RuntimeDirectory: Hashable, Sendable {
  /// Absolute, without a trailing slash.
  package let path: String

  /// The directory that the environment names, created if need be and checked.
  ///
  /// `$PUP_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/pup`, else `/run/pup` for root, else
  /// `/tmp/pup-UID`.
  /// - Throws: `.unsafeDirectory` if another user owns it or may write to it.
  package init(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TalkFailure) {
    let user = geteuid()
    if let own = environment.value("PUP_RUNTIME_DIR") {
      path = absolutePath(own)
    } else if let session = environment.value("XDG_RUNTIME_DIR") {
      path = absolutePath(session + "/pup")
    } else {
      path = user == 0 ? "/run/pup" : "/tmp/pup-\(user)"
    }
    try makeOwnDirectory(path)
  }

  /// The mapper's well-known socket.
  package var mapperSocket: String { path + "/mapper.socket" }

  /// Locked by the one mapper of this directory.
  package var mapperLock: String { path + "/mapper.lock" }

  /// Where the mapper keeps a file for each program.
  package var records: String { path + "/programs" }

  /// The socket of the pup of program `name`.
  package func socket(of name: String) -> String { "\(path)/\(name).socket" }
}

/// Where logs and journals lie, which outlive a restart of the machine.
package struct StateDirectory: Hashable, Sendable {
  /// Absolute, without a trailing slash.
  package let path: String

  /// `$XDG_STATE_HOME/pup`, else `~/.local/state/pup`; `/var/lib/pup` for root without HOME.
  package init(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TalkFailure) {
    if let state = environment.value("XDG_STATE_HOME") {
      path = absolutePath(state + "/pup")
    } else if let home = environment.value("HOME") {
      path = absolutePath(home + "/.local/state/pup")
    } else {
      path = geteuid() == 0 ? "/var/lib/pup" : "/tmp/pup-state-\(geteuid())"
    }
    try makeOwnDirectory(path)
  }

  /// A new log file's path for a run of program `name`; older logs beyond a few are removed.
  package func newLog(of name: String) throws(TalkFailure) -> String {
    let directory = "\(path)/logs/\(name)"
    try makeOwnDirectory(directory)
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for old in files.filter({ $0.hasSuffix(".log") }).sorted().dropLast(Self.keptLogs - 1) {
      try? FileManager.default.removeItem(atPath: "\(directory)/\(old)")
    }
    let now = Int(Date.now.timeIntervalSince1970 * 1000)
    return "\(directory)/\(now)-\(getpid()).log"
  }

  /// The file for what the pup of program `name` itself has to say when it is detached.
  package func pupLog(of name: String) throws(TalkFailure) -> String {
    try makeOwnDirectory("\(path)/logs")
    return "\(path)/logs/\(name).pup.log"
  }

  private static let keptLogs = 8
}

extension [String: String] {
  fileprivate func value(_ name: String) -> String? {
    guard let value = self[name], !value.isEmpty else { return nil }
    return value
  }
}

/// `path` from the root on, `.` and `..` and double slashes resolved as text only.
package func absolutePath(_ path: String) -> String {
  let whole =
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  var parts: [Substring] = []
  for part in whole.split(separator: "/") where part != "." {
    if part == ".." { _ = parts.popLast() } else { parts.append(part) }
  }
  return "/" + parts.joined(separator: "/")
}

/// Creates `path` with mode 0700 if it is missing, and checks that it is ours alone.
func makeOwnDirectory(_ path: String) throws(TalkFailure) {
  let (parent, _) = splitPath(path)
  if parent != "/", unsafe access(parent, F_OK) != 0 { try makeOwnDirectory(parent) }
  if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
    throw .system(operation: .directory, path: path, code: errno)
  }
  var owner: uid_t = 0
  var mode: mode_t = 0
  let code = unsafe cs_owner(path, &owner, &mode)
  guard code == 0 else { throw .system(operation: .directory, path: path, code: -code) }
  guard mode & S_IFMT == S_IFDIR else {
    throw .unsafeDirectory(path: path, why: .notADirectory)
  }
  guard owner == geteuid() || geteuid() == 0 else {
    throw .unsafeDirectory(path: path, why: .otherOwner)
  }
  if mode & 0o022 != 0 {
    guard owner == geteuid(), mode & S_ISVTX == 0, unsafe chmod(path, 0o700) == 0 else {
      throw .unsafeDirectory(path: path, why: .writableByOthers)
    }
  }
}
