import FoundationEssentials
import Glibc

/// Where `ush` prints: plain when piped, with colours and a progress line on a terminal.
package struct Console: Sendable {
  /// Whether commands print JSON instead of text.
  package let isJSON: Bool
  /// Whether standard error is a terminal, so that a progress line makes sense.
  package let showsProgress: Bool
  private let isColoured: Bool

  /// A console for the process's standard files.
  package init(isJSON: Bool, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.isJSON = isJSON
    showsProgress = isatty(2) == 1 && !isJSON
    isColoured = isatty(1) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && !isJSON
  }

  /// Text colours by their ANSI numbers.
  package enum Colour: Int, Sendable {
    case red = 31
    case green = 32
    case yellow = 33
    case bold = 1
  }

  /// `text` in `colour`, or plain where colours do not belong.
  package func painted(_ text: String, _ colour: Colour) -> String {
    isColoured ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
  }

  /// Prints a line on standard output.
  package func print(_ line: String) { Self.write(Array("\(line)\n".utf8), to: 1) }

  /// Prints one line on standard error.
  package func complain(_ line: String) {
    clearProgress()
    Self.write(Array("ush: \(Self.harmless(line))\n".utf8), to: 2)
  }

  /// What may have come from anywhere, without what a terminal would obey, and not endless.
  private static func harmless(_ line: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in line.unicodeScalars.prefix(2_000) {
      let isObeyed = scalar.properties.generalCategory == .control
      scalars.append(isObeyed ? "?" : scalar)
    }
    return String(scalars)
  }

  /// Prints bytes on standard output as they are.
  package func copy(_ bytes: [UInt8]) { Self.write(bytes, to: 1) }

  /// Prints `value` as one JSON document, on a line of its own.
  package func printJSON(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return }
    Self.write(Array(data) + [UInt8(ascii: "\n")], to: 1)
  }

  /// Shows `text` in place of the progress line before it; nothing where there is no terminal.
  package func progress(_ text: String) {
    guard showsProgress else { return }
    Self.write(Array("\r\u{1b}[K\(text.prefix(100))".utf8), to: 2)
  }

  /// Removes the progress line.
  package func clearProgress() {
    guard showsProgress else { return }
    Self.write(Array("\r\u{1b}[K".utf8), to: 2)
  }

  private static func write(_ bytes: [UInt8], to file: Int32) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe Glibc.write(
          file, all.baseAddress?.advanced(by: written), all.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      written += count
    }
  }
}
