extension CallGraph {
  /// Pixels for one character of a name.
  private static let characterWidth = 8
  private static let legendHeight = 34

  /// The graph as a picture: a document of its own, without scripts or outer files.
  package var svg: String {
    let layout = LayeredLayout(
      widths: nodes.map { max(40, $0.name.count * Self.characterWidth + 20) },
      edges: edges.map { ($0.from, $0.to) })
    let top = 2 * Self.legendHeight
    let width = max(layout.width, 720)
    let height = max(layout.height, 2 * LayeredLayout.margin) + top
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "viewBox=\"0 0 \(width) \(height)\" font-family=\"monospace\" font-size=\"13\">",
      "<title>\(escaped(title))</title>",
      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
        + "markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#6b7280\"/></marker></defs>",
      "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#ffffff\"/>",
      "<text x=\"20\" y=\"24\" font-size=\"15\">\(escaped(title))</text>",
    ]
    lines += legend
    lines.append("<g transform=\"translate(0 \(top))\">")
    lines += zip(edges, layout.routes).map { line($0, $1, layout) }
    lines += zip(nodes, layout.boxes).map { box($0, $1) }
    return (lines + ["</g>", "</svg>"]).joined(separator: "\n") + "\n"
  }

  private var legend: [String] {
    var x = 20
    return [
      Marks.changed, .updated, .active, .resident, .held,
    ].map { marks in
      let style = Style(marks)
      let word = marks.words.joined()
      defer { x += 44 + word.count * Self.characterWidth }
      return "<rect x=\"\(x)\" y=\"36\" width=\"18\" height=\"18\" rx=\"4\" \(attributes(style))/>"
        + "<text x=\"\(x + 24)\" y=\"50\">\(word)</text>"
    }
  }

  private func attributes(_ style: Style) -> String {
    "fill=\"\(style.fill)\" stroke=\"\(style.stroke)\" stroke-width=\"\(style.thickness)\""
      + (style.isDashed ? " stroke-dasharray=\"6 3\"" : "")
  }

  private func box(_ node: Node, _ box: LayeredLayout.Box) -> String {
    let words = [node.name] + node.marks.words
    return "<g class=\"procedure\"><title>\(escaped(words.joined(separator: ", ")))</title>"
      + "<rect x=\"\(box.x)\" y=\"\(box.y)\" width=\"\(box.width)\" height=\"\(box.height)\" rx=\"6\" "
      + "\(attributes(Style(node.marks)))/>"
      + "<text x=\"\(box.x + box.width / 2)\" y=\"\(box.y + 18)\" text-anchor=\"middle\">"
      + "\(escaped(node.name))</text></g>"
  }

  /// A call; one of a procedure by itself is a loop at the right of its box.
  private func line(
    _ edge: Edge, _ route: [LayeredLayout.Point], _ layout: LayeredLayout
  ) -> String {
    var path: String
    if let first = route.first {
      path = "M\(first.x) \(first.y)" + route.dropFirst().map { "L\($0.x) \($0.y)" }.joined()
    } else {
      let box = layout.boxes[edge.from]
      let x = box.x + box.width
      path = "M\(x) \(box.y + 8)C\(x + 14) \(box.y) \(x + 14) \(box.y + 28) \(x) \(box.y + 20)"
    }
    return
      "<path class=\"call\" d=\"\(path)\" fill=\"none\" stroke=\"#6b7280\" marker-end=\"url(#tip)\""
      + (edge.isIndirect ? " stroke-dasharray=\"4 3\"" : "")
      + "><title>\(escaped(nodes[edge.from].name)) → \(escaped(nodes[edge.to].name))</title></path>"
  }

  private func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: String(character)
      }
    }.joined()
  }
}
