import FoundationEssentials
import Glibc
import LineEditing
import PupProtocol

/// How the shell's lines may go on: commands, programs, versions, procedures, files, topics.
struct ShellCompletion {
  private let shell: Shell

  init(_ shell: Shell) { self.shell = shell }

  /// How the last word of `before`, which ends at the cursor, may go on.
  func completion(of before: String) -> Completion {
    let (words, typed) = Self.split(before)
    let texts: [String]
    if words.isEmpty {
      texts = ShellCommand.all.map(\.name)
    } else {
      texts = candidates(after: words, typed: Self.unquoted(typed))
    }
    let wanted = Self.unquoted(typed)
    let fitting = Set(texts.filter { $0.hasPrefix(wanted) }).sorted()
    return Completion(
      typed: typed, texts: fitting.map(Self.quoted), shown: fitting.map(Self.lastPart))
  }

  private func candidates(after words: [String], typed: String) -> [String] {
    if typed.hasPrefix("-") { return Self.options[words[0]] ?? [] }
    guard let command = ShellCommand.all.first(where: { $0.name == words[0] }) else { return [] }
    if ["--changes", "-o"].contains(words.last) { return Self.files(typed) }
    let place = ShellCommand.positions(of: words).count
    let kinds: Set<ShellCommand.Argument> =
      command.name == "update" && place == 0
      ? [.file, .version, .program] : [command.arguments.dropFirst(place).first ?? .word]
    return kinds.flatMap { candidates($0, command.name, typed) }
  }

  private func candidates(
    _ kind: ShellCommand.Argument, _ command: String, _ typed: String
  ) -> [String] {
    switch kind {
    case .program: programs()
    case .host: Self.knownHosts()
    case .file: Self.files(typed)
    case .version: versions()
    case .topic: ShellCommand.all.map(\.name)
    case .word: command == "explain" ? procedures() : []
    }
  }

  // MARK: - What there is

  private func programs() -> [String] {
    ((try? Session(shell.console).programs())?.programs ?? []).map(\.program)
  }

  /// The versions that were loaded and not begun.
  private func versions() -> [String] {
    (known?.versions ?? []).filter { $0.state == .loaded }.map { String($0.version) }
  }

  private func procedures() -> [String] { known?.names ?? [] }

  private var known: VersionsReport? {
    guard let current = shell.current else { return nil }
    return try? Session(shell.console).versions(of: current.text)
  }

  /// The hosts that ssh knows by name.
  private static func knownHosts() -> [String] {
    let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
    guard let bytes = readFile("\(home)/.ssh/config", limit: 1 << 20) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").flatMap { line in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.first?.lowercased() == "host" else { return [String]() }
      return words.dropFirst().map(String.init).filter { !$0.contains("*") && !$0.contains("?") }
    }
  }

  /// The files that `typed` may become; directories end in a slash.
  private static func files(_ typed: String) -> [String] {
    let home = ProcessInfo.processInfo.environment["HOME"] ?? "~"
    let end = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
    let folder = String(typed[..<end])
    let place = folder.hasPrefix("~/") ? home + folder.dropFirst() : folder
    let names =
      (try? FileManager.default.contentsOfDirectory(
        atPath: place.isEmpty ? "." : place)) ?? []
    return names.filter { !$0.hasPrefix(".") || typed[end...].hasPrefix(".") }.map { name in
      var status = stat()
      let isFolder =
        unsafe stat("\(place)\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      return folder + name + (isFolder ? "/" : "")
    }
  }

  private static let options: [String: [String]] = [
    "update": ["--changes", "--no-groups", "--wait", "--json"], "status": ["--json"],
    "list": ["--json"], "logs": ["-f", "--json"], "stack": ["--json"], "versions": ["--json"],
    "explain": ["--json"], "graph": ["--dot", "--svg", "--json", "-o"], "doctor": ["--json"],
    "diff": ["--header", "--json", "-o"], "watch": ["--json"], "wait": ["--json"],
    "cancel": ["--json"], "attach": ["--json"], "stop": ["--json"],
  ]

  // MARK: - Words

  /// The whole words of a line's beginning, and the word that is being typed, as it was typed.
  static func split(_ before: String) -> (words: [String], typed: String) {
    var typed = ""
    var words: [String] = []
    var quote: Character?
    var isEscaped = false
    for character in before {
      if isEscaped {
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == " " || character == "\t" {
        if !typed.isEmpty { words.append(unquoted(typed)) }
        typed = ""
        continue
      }
      typed.append(character)
    }
    return (words, typed)
  }

  private static func unquoted(_ typed: String) -> String {
    for tail in ["", "'", "\""] {
      if let words = try? WordSplitter.words(of: typed + tail) { return words.first ?? "" }
    }
    return typed
  }

  private static func quoted(_ text: String) -> String {
    var result = ""
    for character in text {
      if " \t'\"\\#".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }

  /// A path's last part is enough to choose by.
  private static func lastPart(_ text: String) -> String {
    let isFolder = text.hasSuffix("/")
    let last = text.split(separator: "/").last.map(String.init) ?? text
    return isFolder ? last + "/" : last
  }
}
