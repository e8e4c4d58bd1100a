import FoundationEssentials
import PupProtocol
import UshKit

/// Carries out command lines one after the other; the first that fails ends it.
enum LineRunner {
  /// Carries out the lines of a file.
  static func runFile(_ path: String) throws {
    guard let bytes = readFile(path, limit: 16 << 20),
      let text = String(validating: bytes, as: UTF8.self)
    else {
      throw fail(.malformed("missing-file", "\(path): cannot be read as text"))
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      try run(String(line), from: "\(path):\(index + 1)")
    }
  }

  /// Carries out one line; `place` names it in an error.
  static func run(_ line: String, from place: String) throws {
    let words: [String]
    do throws(ServiceFailure) {
      words = try WordSplitter.words(of: line)
    } catch {
      throw fail(
        ServiceFailure(error.exit, code: error.code, message: "\(place): \(error.message)"))
    }
    guard let first = words.first else { return }
    guard !Script.isMeant(by: words) else {
      throw fail(.malformed("usage", "\(place): \(first) cannot be used in a line"))
    }
    let exit = Ush.run(words)
    guard exit == .done else { throw CommandFailure(exit: exit) }
  }

  private static func fail(_ failure: ServiceFailure) -> CommandFailure {
    CommandFailure(exit: Console(isJSON: false).report(failure))
  }
}
