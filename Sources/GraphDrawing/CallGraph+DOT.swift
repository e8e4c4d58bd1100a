extension CallGraph {
  /// The graph in the language of GraphViz.
  package var dot: String {
    var lines = [
      "digraph calls {", "  label=\(quoted(title));", "  labelloc=t;",
      "  node [shape=box, fontname=monospace, style=\"rounded\"];",
    ]
    for (index, node) in nodes.enumerated() {
      lines.append("  n\(index) [label=\(quoted(node.name))\(attributes(node.marks))];")
    }
    for edge in edges {
      lines.append("  n\(edge.from) -> n\(edge.to)\(edge.isIndirect ? " [style=dashed]" : "");")
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private func attributes(_ marks: Marks) -> String {
    guard !marks.isEmpty else { return "" }
    let style = Style(marks)
    return ", tooltip=\(quoted(marks.words.joined(separator: ", ")))"
      + ", style=\"rounded,filled\(style.isDashed ? ",dashed" : "")\""
      + ", fillcolor=\"\(style.fill)\", color=\"\(style.stroke)\", penwidth=\(style.thickness)"
  }

  private func quoted(_ text: String) -> String {
    "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : String($0) }.joined() + "\""
  }
}

/// How a procedure's box looks.
struct Style {
  var fill: String
  var stroke: String
  var thickness: Int
  var isDashed: Bool

  init(_ marks: CallGraph.Marks) {
    fill = marks.contains(.updated) ? "#bbf7d0" : marks.contains(.changed) ? "#fde68a" : "#ffffff"
    stroke = marks.contains(.held) ? "#dc2626" : marks.contains(.active) ? "#2563eb" : "#6b7280"
    thickness = marks.isDisjoint(with: [.held, .active, .resident]) ? 1 : 3
    isDashed = marks.contains(.resident)
  }
}
