/// How the word before the cursor may go on.
package struct Completion: Hashable, Sendable {
  /// What of the line is replaced: its end, as it was typed.
  package var typed: String
  /// What may stand there instead, quoted as the line needs it.
  package var texts: [String]
  /// The same, as a person is shown them.
  package var shown: [String]

  package init(typed: String = "", texts: [String] = [], shown: [String]? = nil) {
    self.typed = typed
    self.texts = texts
    self.shown = shown ?? texts
  }

  /// What all of them begin with.
  var commonPrefix: String {
    guard var prefix = texts.first else { return "" }
    for text in texts.dropFirst() {
      prefix = String(zip(prefix, text).prefix { $0 == $1 }.map(\.0))
    }
    return prefix
  }

  /// Whether the word is complete, and not only a directory on the way to it.
  var isFinal: Bool { texts.count == 1 && texts[0].last != "/" }
}
