import Foundation

/// One cell of a table of results.
package enum Value: Hashable, Sendable {
  case text(String)
  /// A ratio near 1, shown as the change in percent.
  case change(Estimate)
  /// A ratio, shown as a factor.
  case factor(Estimate)
  /// A measured quantity with its unit, which may be empty.
  case quantity(Double, String)
  /// The same with its interval.
  case range(Estimate, String)

  package var text: String {
    switch self {
    case .text(let text): text
    case .change(let ratio):
      Self.interval(ratio, after: "%") { Self.signed(($0 - 1) * 100) }
    case .factor(let ratio): Self.interval(ratio) { Self.digits($0) + "×" }
    case .quantity(let number, let unit): Self.digits(number) + Self.suffix(unit)
    case .range(let estimate, let unit):
      Self.interval(estimate, after: Self.suffix(unit)) { Self.digits($0) }
    }
  }

  private static func interval(
    _ estimate: Estimate, after unit: String = "", _ format: (Double) -> String
  ) -> String {
    let value = format(estimate.value) + unit
    return estimate.isExact ? value : "\(value) [\(format(estimate.low)), \(format(estimate.high))]"
  }

  private static func suffix(_ unit: String) -> String { unit.isEmpty ? "" : " " + unit }

  /// Three digits that count, and never an exponent.
  private static func digits(_ number: Double) -> String {
    guard number.isFinite else { return "?" }
    let size = abs(number)
    let places = size >= 100 || size == size.rounded() ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
    return String(format: "%.\(places)f", number)
  }

  private static func signed(_ percent: Double) -> String {
    guard percent.isFinite else { return "?" }
    let text = String(format: abs(percent) < 10 ? "%+.2f" : "%+.1f", percent)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}

extension Value: Encodable {
  private enum Key: String, CodingKey { case text, ratio, number, low, high, unit }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    switch self {
    case .text(let text): try fields.encode(text, forKey: .text)
    case .change(let ratio), .factor(let ratio):
      try fields.encode(ratio.value, forKey: .ratio)
      try fields.encode(ratio.low, forKey: .low)
      try fields.encode(ratio.high, forKey: .high)
    case .quantity(let number, let unit):
      try fields.encode(number, forKey: .number)
      try fields.encode(unit, forKey: .unit)
    case .range(let estimate, let unit):
      try fields.encode(estimate.value, forKey: .number)
      try fields.encode(estimate.low, forKey: .low)
      try fields.encode(estimate.high, forKey: .high)
      try fields.encode(unit, forKey: .unit)
    }
  }
}

/// Rows of results below a heading.
package struct Table: Hashable, Sendable, Encodable {
  package var caption: String
  package var heading: [String]
  package var rows: [[Value]] = []

  package init(_ caption: String, heading: [String]) {
    self.caption = caption
    self.heading = heading
  }

  package mutating func add(_ row: [Value]) { rows.append(row) }

  /// For a terminal.
  package var plain: String {
    let cells = [heading] + rows.map { $0.map(\.text) }
    let widths = heading.indices.map { column in
      cells.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let lines = cells.map { row in
      let padded = row.enumerated().map { column, cell in
        cell + String(repeating: " ", count: max(0, widths[column] - cell.count))
      }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
    return ([caption + ":"] + lines).joined(separator: "\n")
  }

  package var markdown: String {
    var lines = [caption + ":", "", "| " + heading.joined(separator: " | ") + " |"]
    lines.append("|" + String(repeating: "---|", count: heading.count))
    lines += rows.map { "| " + $0.map(\.text).joined(separator: " | ") + " |" }
    return lines.joined(separator: "\n")
  }
}
