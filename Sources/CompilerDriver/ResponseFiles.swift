import Foundation

/// `@file` arguments (GCC manual, "Overall Options").
package enum ResponseFiles {
  /// - Throws: `.usage` when files name one another without end.
  static func expand(_ words: [String], depth: Int = 0) throws(DriverFailure) -> [String] {
    guard depth < 20 else { throw .usage("@file: files name one another without end") }
    var result: [String] = []
    for word in words {
      guard word.hasPrefix("@"), let text = contents(String(word.dropFirst())) else {
        result.append(word)
        continue
      }
      result += try expand(split(text), depth: depth + 1)
    }
    return result
  }

  /// As gcc does, an `@word` that names no file is an ordinary word.
  private static func contents(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Words are separated by white space; quotes and backslashes keep what follows them.
  package static func split(_ text: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
        word = word ?? ""
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
