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
    let record = try record(of: name)
    guard let log = try log(of: record) else {
      throw .cannot("no-log", "the output of \(name) goes to its own terminal or service manager")
    }
    let raw = unsafe open(log, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw .cannot("no-log", "\(log): \(errorText(errno))") }
    let file = Descriptor(owning: raw)
    if console.isJSON, !isFollowing {
      var all: [UInt8] = []
      copy(file) { all += $0 }
      console.printJSON(
        LogDocument(program: name, log: log, text: String(decoding: all, as: UTF8.self)))
      return
    }
    var lines = LineCutter(console: console)
    copy(file) { lines.take($0) }
    while isFollowing {
      let hasEnded = try hasEnded(name)
      let hadMore = copy(file) { lines.take($0) }
      if hasEnded, !hadMore { break }
      if !hadMore { usleep(Self.pollMicroseconds) }
      // In a shell, Ctrl-C ends the view and not the shell.
      if Interruptions.ofShell?.next(timeout: .zero) != nil { break }
    }
    lines.finish()
  }

  private func log(of record: ProgramRecord) throws(ServiceFailure) -> String? {
    if let known = record.log { return known }
    return record.state == .live ? try status(of: record.name).target.log : nil
  }

  /// Whether the target writes nothing any more.
  private func hasEnded(_ name: String) throws(ServiceFailure) -> Bool {
    guard let target = try record(of: name).target else { return true }
    return !target.isAlive
  }

  @discardableResult
  private func copy(_ file: borrowing Descriptor, _ take: ([UInt8]) -> Void) -> Bool {
    var hadMore = false
    while true {
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { space, count in
        count = max(0, unsafe read(file.rawValue, space.baseAddress, 64 << 10))
      }
      guard !chunk.isEmpty else { return hadMore }
      hadMore = true
      take(chunk)
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
