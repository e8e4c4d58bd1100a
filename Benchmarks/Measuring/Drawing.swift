import Foundation

/// An SVG text in the making, to be read on light and on dark ground.
struct Drawing {
  static let width = 760.0
  static let height = 380.0
  /// The place of the plot itself.
  static let left = 70.0
  static let right = 740.0
  static let top = 70.0
  static let bottom = 330.0

  private var elements: [String] = []

  enum Anchor: String { case start, middle, end }

  init(title: String, series: [String]) {
    text(title, Self.left, 24, .start, style: "title")
    var x = Self.left
    for (index, name) in series.enumerated() {
      rectangle(x, 40, 12, 12, series: index)
      text(name, x + 18, 50, .start)
      x += 34 + 7 * Double(name.count)
    }
  }

  var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 380" width="760" height="380" role="img">
    <style>
    \(Self.style)
    </style>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  /// Colours that differ in lightness, too, and keep their contrast on both grounds.
  private static let style: String = {
    let light = ["#1f6feb", "#bf5700", "#2b8a3e", "#8250df", "#b0206a"]
    let dark = ["#79b8ff", "#ffab5e", "#7ee08a", "#d2a8ff", "#ff9bce"]
    func rules(_ colours: [String], ink: String, grid: String) -> String {
      let series = colours.enumerated().map { ".s\($0) { fill: \($1); stroke: \($1) }" }
      return """
        text { font: 12px sans-serif; fill: \(ink) } .title { font-weight: bold; font-size: 14px }
        .grid { stroke: \(grid); stroke-width: 1 } .axis, .error { stroke: \(ink); stroke-width: 1.2 }
        .line { fill: none; stroke-width: 2 } \(series.joined(separator: " "))
        """
    }
    return rules(light, ink: "#1f2328", grid: "#d0d7de")
      + "\n@media (prefers-color-scheme: dark) {\n"
      + rules(dark, ink: "#e6edf3", grid: "#3d444d") + "\n}"
  }()

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor, style: String? = nil,
    upright: Bool = false
  ) {
    let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    let turned =
      upright ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
    let name = style.map { " class=\"\($0)\"" } ?? ""
    elements.append(
      "<text \(place) text-anchor=\"\(anchor.rawValue)\"\(name)\(turned)>\(Self.escaped(text))</text>"
    )
  }

  mutating func line(_ x: Double, _ y: Double, _ x2: Double, _ y2: Double, style: String) {
    let from = "x1=\"\(Self.number(x))\" y1=\"\(Self.number(y))\""
    let to = "x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\""
    elements.append("<line \(from) \(to) class=\"\(style)\"/>")
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, series: Int
  ) {
    let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    let size = "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\""
    elements.append("<rect \(place) \(size) class=\"s\(series % 5)\"/>")
  }

  mutating func path(_ points: [(x: Double, y: Double)], series: Int) {
    let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }
    elements.append(
      "<polyline points=\"\(places.joined(separator: " "))\" class=\"s\(series % 5) line\""
        + " style=\"fill: none\"/>")
    for point in points {
      elements.append(
        "<circle cx=\"\(Self.number(point.x))\" cy=\"\(Self.number(point.y))\" r=\"3\""
          + " class=\"s\(series % 5)\"/>")
    }
  }

  /// An upright error bar with its two ends; none for what is exact.
  mutating func error(_ x: Double, from low: Double, to high: Double) {
    guard abs(low - high) > 0.5 else { return }
    line(x, low, x, high, style: "error")
    for end in [low, high] { line(x - 3, end, x + 3, end, style: "error") }
  }

  static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
