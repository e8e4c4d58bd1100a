import CEditLine
import Glibc

/// Text in the columns of a terminal.
package enum Columns {
  /// The width of the terminal that `descriptor` is; 80 where that is not known.
  package static func width(of descriptor: Int32) -> Int {
    let columns = Int(cs_terminal_columns(descriptor))
    return columns > 0 ? columns : 80
  }

  /// The columns that `text` takes.
  package static func width(of text: String) -> Int {
    text.unicodeScalars.reduce(0) {
      $0 + max(0, Int(cs_character_columns(wchar_t(bitPattern: $1.value))))
    }
  }

  /// `words` in as many columns as fit, read downwards as ls(1) does.
  package static func lines(_ words: [String], width: Int) -> [String] {
    guard let widest = words.map({ Self.width(of: $0) }).max() else { return [] }
    let column = widest + 2
    let columns = max(1, (width + 2) / column)
    let rows = (words.count + columns - 1) / columns
    return (0..<rows).map { row in
      var line = ""
      for index in stride(from: row, to: words.count, by: rows) {
        line += words[index]
        guard index + rows < words.count else { continue }
        line += String(repeating: " ", count: column - Self.width(of: words[index]))
      }
      return line
    }
  }
}
