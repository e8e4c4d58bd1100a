package import PupProtocol

extension Answers {
  struct Stacks: Decodable { let stack: StackReport }
}

extension Session {
  /// The stacks of all threads of `name`.
  package func stack(of name: String) throws(ServiceFailure) -> StackReport {
    let answer: Answers.Stacks = try call("Stack", of: name)
    var stack = answer.stack
    stack.program = try site(of: name).text
    return stack
  }

  /// Prints stacks, a block for each thread.
  package func show(_ report: StackReport) {
    guard !console.isJSON else {
      console.printJSON(report)
      return
    }
    let count = report.threads.count
    console.print(
      "\(report.program): version \(report.version), process \(report.pid), \(count) "
        + "\(count == 1 ? "thread" : "threads"), stopped for \(report.pauseMicroseconds) µs")
    for thread in report.threads {
      console.print("")
      console.print("thread \(thread.tid) \(thread.name)")
      thread.lines.forEach { console.print($0) }
    }
  }
}

extension ThreadReport {
  /// The frames, numbered from the innermost, and what is missing of them.
  fileprivate var lines: [String] {
    var lines: [String] = []
    var depth = 0
    let outermost = omitted > 0 ? frames.count - min(10, frames.count) : frames.count
    for (index, frame) in frames.enumerated() {
      if index == outermost {
        lines.append("  ... \(omitted) more")
        depth += omitted
      }
      let number = "#\(depth)"
      let space = String(repeating: " ", count: max(1, 5 - number.count))
      lines.append("  \(number)\(space)\(frame.words)")
      depth += frame.count
    }
    if let notSafe { lines.append("  not safe: \(notSafe); this thread holds every update back") }
    return lines
  }
}

extension FrameReport {
  /// What runs there, in a line.
  fileprivate var words: String {
    let words =
      switch kind {
      case .procedure: procedureWords
      case .signal: "signal handler called"
      case .gate: "return gate: waits for an update"
      case .library, .program: place
      case .unknown: "\(address), in no file"
      }
    return count > 1 ? words + "  (\(count) times)" : words
  }

  private var place: String {
    let file = object?.split(separator: "/").last.map(String.init) ?? "?"
    return symbol.map { "\($0)\(distance)  in \(file)" } ?? "\(file)\(distance)"
  }

  private var distance: String { "+0x" + String(offset, radix: 16) }

  private var procedureWords: String {
    var words = procedure ?? symbol ?? address
    if let file, let line {
      words += "  at \(file.split(separator: "/").last ?? ""):\(line)"
    } else {
      words += distance
      if let inlined { words += "  in \(inlined), inlined" }
    }
    if let version { words += "  version \(version)" }
    if isOld { words += ", old" }
    if isResident { words += ", resident" }
    return words
  }
}
