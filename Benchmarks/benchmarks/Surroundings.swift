import Foundation

/// What a part works with.
struct Surroundings: Sendable {
  /// Of this repository; the current directory.
  let repository: String
  /// The folder of `pupcc`, `pup`, `ush` and `pupmapper`.
  let tools: String
  /// An empty folder, which is removed at the end.
  let work: String
  /// Few rounds, and no program that takes long to build: to see that everything works.
  let isQuick: Bool

  init(tools: String, isQuick: Bool) throws(BenchmarkFailure) {
    repository = FileManager.default.currentDirectoryPath
    self.tools = URL(fileURLWithPath: tools).standardizedFileURL.path
    self.isQuick = isQuick
    work = "/tmp/pup-benchmarks-\(getpid())"
    try Self.makeFolder(work)
  }

  func tool(_ name: String) -> String { "\(tools)/\(name)" }

  /// A new folder below `work`.
  func folder(_ name: String) throws(BenchmarkFailure) -> String {
    try Self.makeFolder("\(work)/\(name)")
    return "\(work)/\(name)"
  }

  /// Tells on standard error how far a part is.
  func note(_ text: String) { FileHandle.standardError.write(Data("  \(text)\n".utf8)) }

  func remove() { try? FileManager.default.removeItem(atPath: work) }

  private static func makeFolder(_ path: String) throws(BenchmarkFailure) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .file(path: path, reason: error.localizedDescription)
    }
  }
}
