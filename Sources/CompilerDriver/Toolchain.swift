import Foundation

/// Runs the compiler; its diagnostics go where ours would.
struct Toolchain: Sendable {
  let compiler: String

  init(environment: [String: String]) { compiler = environment["PUPCC_GCC"] ?? "gcc" }

  /// Runs gcc and returns its exit status.
  ///
  /// - Throws: `.cannot` when it cannot be started at all.
  func run(_ words: [String]) throws(DriverFailure) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [compiler] + words
    do {
      try process.run()
    } catch {
      throw .cannot("\(compiler) cannot be started: \(error.localizedDescription)")
    }
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// Runs gcc; a failure of it is ours, with its status.
  func mustRun(_ words: [String]) throws(DriverFailure) {
    let status = try run(words)
    guard status == 0 else { throw .child(status) }
  }
}

/// A directory that goes away with the value.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws(DriverFailure) {
    path = NSTemporaryDirectory() + "pupcc-" + UUID().uuidString
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannot("\(path): \(error.localizedDescription)")
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Replaces files whole, so that nobody sees half of one.
enum AtomicFile {
  /// Writes `bytes` beside `path` and renames it there, with the old file's mode.
  static func write(_ bytes: [UInt8], to path: String) throws(DriverFailure) {
    let partial = path + ".pupcc-\(getpid())"
    do {
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      try Data(bytes).write(to: URL(fileURLWithPath: partial))
      if let mode = attributes?[.posixPermissions] {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: partial)
      }
      guard unsafe rename(partial, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw .cannot("\(path): cannot be written: \(error.localizedDescription)")
    }
  }
}
