import LineEditing

/// Rows in aligned columns, for people.
struct Table {
  private var rows: [[String]]

  init(heading: [String]) { rows = [heading] }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// The lines, without spaces at their ends.
  var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? Columns.width(of: $0[column]) : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        guard column < row.count - 1 else { continue }
        line += String(repeating: " ", count: widths[column] - Columns.width(of: cell) + 2)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
