import Foundation

/// What one part found, and says about it.
package struct Section: Sendable, Encodable {
  /// The part's name: of its markers, and of its pictures.
  package var name: String
  package var title: String
  /// What was measured, and how.
  package var introduction: String
  package var tables: [Table] = []
  package var charts: [Chart] = []
  /// Where the time goes: nothing that depends on exact digits.
  package var conclusions: String = ""
  /// The machine, and how often was measured.
  package var circumstances: String = ""

  private enum CodingKeys: String, CodingKey { case name, title, tables, circumstances }

  package init(name: String, title: String, introduction: String) {
    self.name = name
    self.title = title
    self.introduction = introduction
  }

  /// For a terminal.
  package var plain: String {
    (["\(title) (\(circumstances))"] + tables.map(\.plain)).joined(separator: "\n\n") + "\n"
  }

  /// By file name, what belongs into the folder of pictures.
  package var pictures: [(file: String, svg: String)] {
    charts.enumerated().map { ("\(name)-\($0 + 1).svg", $1.svg) }
  }

  package var markdown: String {
    var pieces = ["## \(title)", introduction]
    pieces += tables.map(\.markdown)
    pieces += zip(charts, pictures).map { "![\($0.title)](benchmarks/\($1.file))" }
    pieces += [conclusions, "*\(circumstances)*"]
    return pieces.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }
}

/// The document that the sections of all parts make up, each between its markers.
package struct Document: Sendable {
  package private(set) var text: String

  package init(_ text: String) { self.text = text }

  /// Puts `section` where it was, or at the end; leaves everything else as it is.
  ///
  /// - Parameters:
  ///   - section: replaces the one of the same name.
  ///   - order: the names of all parts: a new section goes before those that come later.
  package mutating func put(_ section: Section, order: [String]) {
    let (begin, end) = Self.markers(section.name)
    let block = "\(begin)\n\(section.markdown)\n\(end)"
    if let first = text.range(of: begin), let last = text.range(of: end),
      first.upperBound <= last.lowerBound
    {
      text.replaceSubrange(first.lowerBound..<last.upperBound, with: block)
      return
    }
    let later = order.drop { $0 != section.name }.dropFirst()
    for name in later {
      guard let next = text.range(of: Self.markers(name).begin) else { continue }
      text.insert(contentsOf: block + "\n\n", at: next.lowerBound)
      return
    }
    while text.hasSuffix("\n") { text.removeLast() }
    text += "\n\n\(block)\n"
  }

  private static func markers(_ name: String) -> (begin: String, end: String) {
    ("<!-- part \(name) -->", "<!-- end of part \(name) -->")
  }
}
