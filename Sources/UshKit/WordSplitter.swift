package import PupProtocol

/// Cuts a command line into words as a shell does: spaces, quotes, backslashes and `#` comments.
package enum WordSplitter {
  /// The words of `line`; none for a blank line or a comment.
  ///
  /// - Throws: `malformed("unclosed-quote")`.
  package static func words(of line: String) throws(ServiceFailure) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = line.makeIterator()
    while let character = characters.next() {
      if let open = quote {
        if character == open {
          quote = nil
        } else if character == "\\", open == "\"" {
          guard let next = characters.next() else { break }
          word = (word ?? "") + (next == "\"" || next == "\\" ? "\(next)" : "\\\(next)")
        } else {
          word = (word ?? "") + "\(character)"
        }
        continue
      }
      switch character {
      case " ", "\t", "\r", "\n", "\r\n":
        if let done = word { words.append(done) }
        word = nil
      case "'", "\"":
        quote = character
        word = word ?? ""
      case "\\": word = (word ?? "") + (characters.next().map { "\($0)" } ?? "")
      case "#" where word == nil: return words
      default: word = (word ?? "") + "\(character)"
      }
    }
    guard quote == nil else {
      throw .malformed("unclosed-quote", "a quote is not closed: \(line)")
    }
    if let word { words.append(word) }
    return words
  }
}
