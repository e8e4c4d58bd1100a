import Glibc
package import PupProtocol

/// `ush logs --json`: a program's output as one document.
private struct LogDocument: Encodable {
  let program: String
  let log: String
  let text: String
}

/// `ush logs -f --json`: one line of output.
private struct LogLine: Encodable { let line: String }

extension Session {
  private static let pollMicroseconds: useconds_t = 100_000

  /// Prints what the target of `name` has written, and with `isFollowing` what it still writes.
  ///
  /// - Throws: `cannot("no-log")` if its output goes elsewhere.
  package func logs(of name: String, isFollowing: Bool) throws(ServiceFailure) {
    let site = try site(of: name)
    if console.isJSON, !isFollowing {
      var all: [UInt8] = []
      let last = try copy(of: site, from: 0) { all += $0 }
      console.printJSON(
        LogDocument(
          program: site.text, log: last.log, text: String(decoding: all, as: UTF8.self)))
      return
    }
    var lines = LineCutter(console: console)
    var offset = 0
    while true {
      let last = try copy(of: site, from: offset) { bytes in
        offset += bytes.count
        lines.take(bytes)
      }
      guard isFollowing, !last.hasEnded else { break }
      usleep(Self.pollMicroseconds)
      // In a shell, Ctrl-C ends the view and not the shell.
      if Interruptions.ofShell?.next(timeout: .zero) != nil { break }
    }
    lines.finish()
  }

  /// Copies what there is from a byte on; the last piece, which is empty.
  private func copy(
    of site: Site, from start: Int, _ take: ([UInt8]) -> Void
  ) throws(ServiceFailure) -> LogPiece {
    var offset = start
    while true {
      let piece = try site.log(from: offset)
      guard !piece.bytes.isEmpty else { return piece }
      offset += piece.bytes.count
      take(piece.bytes)
    }
  }
}

/// Prints output as it comes, or as a JSON document for each line.
private struct LineCutter {
  let console: Console
  private var rest: [UInt8] = []

  init(console: Console) { self.console = console }

  mutating func take(_ bytes: [UInt8]) {
    guard console.isJSON else {
      console.copy(bytes)
      return
    }
    rest += bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      console.printJSON(LogLine(line: String(decoding: rest[..<end], as: UTF8.self)))
      rest.removeSubrange(...end)
    }
  }

  mutating func finish() {
    guard console.isJSON, !rest.isEmpty else { return }
    console.printJSON(LogLine(line: String(decoding: rest, as: UTF8.self)))
    rest = []
  }
}
