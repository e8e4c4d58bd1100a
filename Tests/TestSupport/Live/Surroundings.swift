import Foundation
import Glibc

/// Where the repository and the built tools lie.
package enum Surroundings {
  /// The repository's root.
  package static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The folder of `pup`, `ush`, `pupmapper` and `pupcc`: `PUP_TOOLS`, or where the test program lies.
  package static let tools: String = {
    if let chosen = ProcessInfo.processInfo.environment["PUP_TOOLS"] { return chosen }
    let manager = FileManager.default
    let own = (try? manager.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = URL(fileURLWithPath: own).deletingLastPathComponent().path
    return manager.fileExists(atPath: "\(folder)/ush") ? folder : "\(repository)/.build/debug"
  }()

  /// Whether the whole run is one of call mode `table`.
  package static var isInTableMode: Bool {
    environment["PUPCC_FLAGS"]?.contains("--call-mode=table") == true
  }

  /// The environment of the test process.
  package static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// The absolute path of one of our tools.
  package static func tool(_ name: String) -> String { "\(tools)/\(name)" }
}

/// Sleeps, also in a cancelled task.
package func pause(_ duration: Duration) async {
  await Task { try? await Task.sleep(for: duration) }.value
}

/// Calls `condition` every few milliseconds until it holds or `timeout` is over.
///
/// - Returns: whether it came to hold.
package func eventually(
  within timeout: Duration = .seconds(10), _ condition: () async throws -> Bool
) async rethrows -> Bool {
  let clock = ContinuousClock()
  let end = clock.now + timeout
  while clock.now < end {
    if try await condition() { return true }
    await pause(.milliseconds(5))
  }
  return try await condition()
}

/// A new folder with a short path (Unix sockets allow 107 bytes), which the caller removes.
package func temporaryFolder(named name: String) throws(LiveFailure) -> String {
  let path = "/tmp/pup-\(name)-\(UInt32.random(in: .min ... .max))"
  do {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  } catch {
    throw .cannotPrepare(path: path, reason: "\(error)")
  }
  return path
}

/// Removes a folder and all that is in it; no harm if it is gone.
package func removeFolder(_ path: String) {
  try? FileManager.default.removeItem(atPath: path)
}

/// The names in a folder, in no order.
package func folderContents(_ path: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: path)
}

/// The text of a file, empty if there is none.
package func contents(of path: String) -> String {
  guard let data = FileManager.default.contents(atPath: path) else { return "" }
  return String(decoding: data, as: UTF8.self)
}

/// The bytes of a file, empty if there is none.
package func bytes(of path: String) -> [UInt8] {
  FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
}

/// Writes (over) a file.
package func write(_ bytes: [UInt8], to path: String, executable: Bool = false) throws(LiveFailure)
{
  do {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    if executable {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
  } catch {
    throw .cannotPrepare(path: path, reason: "\(error)")
  }
}

/// Copies a file over whatever is at `destination`.
package func copy(_ source: String, to destination: String) throws(LiveFailure) {
  removeFolder(destination)
  do {
    try FileManager.default.copyItem(atPath: source, toPath: destination)
  } catch {
    throw .cannotPrepare(path: destination, reason: "\(error)")
  }
}

/// The signals that live tests send.
package enum Signal: Sendable {
  case kill, terminate, user1, user2

  fileprivate var number: Int32 {
    switch self {
    case .kill: SIGKILL
    case .terminate: SIGTERM
    case .user1: SIGUSR1
    case .user2: SIGUSR2
    }
  }
}

/// Sends a signal to one process.
package func signal(_ signal: Signal, to pid: Int32) {
  guard pid > 1 else { return }
  kill(pid, signal.number)
}
