extension ChangesFile {
  /// Reads the text format.
  ///
  /// - Parameters:
  ///   - text: the whole file.
  ///   - path: for messages.
  /// - Throws: what is wrong with the first wrong line. Names are only checked for their form.
  package init(parsing text: String, path: String = "") throws(ChangesFileFailure) {
    self.init(path: path)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      do throws(LineFault) {
        guard let kind = try Kind(parsing: line) else { continue }
        statements.append(Statement(line: index + 1, kind))
      } catch {
        throw ChangesFileFailure(path: path, line: index + 1, fault: error.fault)
      }
    }
  }

  /// The file as text, one statement a line, which `init(parsing:path:)` reads again.
  package var text: String { statements.map { $0.kind.text + "\n" }.joined() }
}

private struct LineFault: Error {
  var fault: ChangesFileFailure.Fault
  init(_ fault: ChangesFileFailure.Fault) { self.fault = fault }
}

extension ChangesFile.Kind {
  private static let keywords = [
    "changed", "together", "ignore", "resident", "reset", "keep", "harmless", "default", "renamed",
    "option", "maps",
  ]

  /// `nil` for a line that says nothing.
  fileprivate init?(parsing line: Substring) throws(LineFault) {
    let words = Self.words(Self.withoutComment(line))
    guard let keyword = words.first else { return nil }
    let rest = Array(words.dropFirst())
    switch keyword {
    case "changed": self = .changed(try Self.names(rest, of: keyword))
    case "together": self = .together(try Self.names(rest, of: keyword, atLeast: 2))
    case "ignore": self = .ignore(try Self.names(rest, of: keyword))
    case "resident": self = .resident(try Self.names(rest, of: keyword))
    case "reset": self = .reset(try Self.names(rest, of: keyword))
    case "keep": self = .keep(try Self.names(rest, of: keyword))
    case "harmless": self = .harmless(try Self.harmless(rest))
    case "default": self = try Self.default(Self.withoutComment(line), rest)
    case "renamed": self = try Self.renamed(rest)
    case "option": self = .option(try Self.options(rest))
    case "maps": self = .maps(try Self.some(rest, of: keyword, "a C file"))
    default:
      throw LineFault(
        .unknownStatement(
          keyword, suggestion: Suggestion.nearest(to: keyword, among: Self.keywords)))
    }
  }

  private static func words(_ line: Substring) -> [String] {
    line.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// The line up to a `#` that is not inside of a C string or character constant.
  private static func withoutComment(_ line: Substring) -> Substring {
    var quote: Character?
    var isEscaped = false
    for index in line.indices {
      let character = line[index]
      if isEscaped {
        isEscaped = false
      } else if let open = quote {
        if character == "\\" { isEscaped = true }
        if character == open { quote = nil }
      } else if character == "#" {
        return line[..<index]
      } else if character == "\"" || character == "'" {
        quote = character
      }
    }
    return line
  }

  private static func some(
    _ words: [String], of keyword: String, atLeast count: Int = 1, _ what: String
  ) throws(LineFault) -> [String] {
    guard words.count >= count else { throw LineFault(.missing(statement: keyword, what: what)) }
    return words
  }

  private static func names(
    _ words: [String], of keyword: String, atLeast count: Int = 1
  ) throws(LineFault) -> [String] {
    let what = count == 1 ? "a name" : "two names or more"
    for word in words where !isName(word) { throw LineFault(.malformedName(word)) }
    return try some(words, of: keyword, atLeast: count, what)
  }

  /// `name`, `file.c:name`, `file.c:procedure.name`, `procedure.name`.
  private static func isName(_ word: String) -> Bool {
    let name = word.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
    guard name.count != word.count || !word.contains(":"), !word.hasPrefix(":") else {
      return false
    }
    return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, !first.isNumber else { return false }
      return part.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
    }
  }

  /// `struct TAG` counts as one name.
  private static func harmless(_ words: [String]) throws(LineFault) -> [String] {
    var result: [String] = []
    var isTag = false
    for word in try names(words, of: "harmless") {
      if word == "struct" || word == "union" {
        isTag = true
        continue
      }
      result.append(isTag ? "struct \(word)" : word)
      isTag = false
    }
    guard !isTag, !result.isEmpty else {
      throw LineFault(.missing(statement: "harmless", what: "a name"))
    }
    return result
  }

  private static func options(
    _ words: [String]
  ) throws(LineFault) -> [ChangesFile.UpdateOption] {
    var words = try some(words, of: "option", "an option")[...]
    var options: [ChangesFile.UpdateOption] = []
    while let word = words.popFirst() {
      switch word {
      case "--no-groups": options.append(.noGroups)
      case "--wait":
        guard let seconds = words.popFirst().flatMap(Double.init), seconds >= 0 else {
          throw LineFault(.missing(statement: word, what: "a number of seconds"))
        }
        options.append(.wait(seconds))
      default: throw LineFault(.notAnOption(word))
      }
    }
    return options
  }

  /// Reads `default P.parameter = C-constant`.
  private static func `default`(_ line: Substring, _ words: [String]) throws(LineFault) -> Self {
    guard let equals = line.firstIndex(of: "=") else {
      throw LineFault(.missing(statement: "default", what: "‘P.parameter = constant’"))
    }
    let left = Self.words(line[..<equals]).dropFirst()
    let value = Self.trimmed(line[line.index(after: equals)...])
    guard let target = left.first, !value.isEmpty else {
      throw LineFault(.missing(statement: "default", what: "‘P.parameter = constant’"))
    }
    if left.count > 1 { throw LineFault(.surplus(left[left.startIndex + 1])) }
    guard isName(target), let dot = target.lastIndex(of: "."),
      dot > target.lastIndex(of: ":") ?? target.startIndex
    else { throw LineFault(.malformedName(target)) }
    return .default(
      procedure: String(target[..<dot]), parameter: String(target[target.index(after: dot)...]),
      value: value)
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop(while: \.isWhitespace)
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { String(start[...$0]) } ?? ""
  }

  /// Reads `renamed S.old new`.
  private static func renamed(_ words: [String]) throws(LineFault) -> Self {
    let words = words.first == "struct" || words.first == "union" ? Array(words.dropFirst()) : words
    guard words.count >= 2 else {
      throw LineFault(.missing(statement: "renamed", what: "‘struct.old new’"))
    }
    if words.count > 2 { throw LineFault(.surplus(words[2])) }
    let path = words[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard path.count == 2, isName(words[0]) else { throw LineFault(.malformedName(words[0])) }
    guard isName(words[1]) else { throw LineFault(.malformedName(words[1])) }
    return .renamed(structure: path[0], old: path[1], new: words[1])
  }

  /// The statement as one line, without its end.
  package var text: String {
    func line(_ keyword: String, _ words: [String]) -> String {
      ([keyword] + words).joined(separator: " ")
    }
    switch self {
    case .changed(let names): return line("changed", names)
    case .together(let names): return line("together", names)
    case .ignore(let names): return line("ignore", names)
    case .resident(let names): return line("resident", names)
    case .reset(let names): return line("reset", names)
    case .keep(let names): return line("keep", names)
    case .harmless(let names): return line("harmless", names)
    case .default(let procedure, let parameter, let value):
      return "default \(procedure).\(parameter) = \(value)"
    case .renamed(let structure, let old, let new): return "renamed \(structure).\(old) \(new)"
    case .option(let options): return line("option", options.map(\.text))
    case .maps(let files): return line("maps", files)
    }
  }
}

extension ChangesFile.UpdateOption {
  fileprivate var text: String {
    switch self {
    case .noGroups: "--no-groups"
    case .wait(let seconds): "--wait \(seconds)"
    }
  }
}
