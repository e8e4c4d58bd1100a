import FoundationEssentials
import Glibc
import PupProtocol

/// The lines of earlier shells, one a line, in the user's state directory; several shells may add.
struct ShellHistory {
  private let path: String?

  /// The user's history; without a state directory, none.
  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    do throws(TalkFailure) {
      path = try StateDirectory(environment: environment).path + "/ush_history"
    } catch {
      path = nil
    }
  }

  /// The newest lines, oldest first.
  func lines() -> [String] {
    guard let path, let bytes = readFile(path, limit: 4 << 20) else { return [] }
    let all = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    if all.count > 2 * Self.kept { rewrite(Array(all.suffix(Self.kept)), path) }
    return Array(all.suffix(Self.kept))
  }

  /// Adds a line; a full disk loses it and nothing else.
  func add(_ line: String) {
    guard let path else { return }
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    let bytes = Array((line.replacing("\n", with: " ") + "\n").utf8)
    _ = unsafe write(file, bytes, bytes.count)
    close(file)
  }

  private func rewrite(_ lines: [String], _ path: String) {
    let text = lines.joined(separator: "\n") + "\n"
    try? Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    _ = unsafe chmod(path, 0o600)
  }

  private static let kept = 1_000
}
