extension CallGraph {
  /// `line`, or its beginning where it has more than `width` characters.
  package static func fitted(_ line: String, to width: Int?) -> String {
    guard let width, line.count > width else { return line }
    return line.prefix(max(1, width) - 1) + "…"
  }

  /// The graph as an indented tree: each procedure once with what it calls, later only by its name.
  ///
  /// It begins with the procedures that nobody calls, and goes on with what only cycles lead to.
  ///
  /// `width`: how many characters a line may have; `nil` for any number.
  package func outline(width: Int?) -> [String] {
    let calls = edgesByCaller
    var isCalled = [Bool](repeating: false, count: nodes.count)
    for edge in edges where edge.from != edge.to { isCalled[edge.to] = true }
    var outline = Outline(graph: self, calls: calls, width: width)
    for root in nodes.indices where !isCalled[root] { outline.add(root) }
    for rest in nodes.indices { outline.add(rest) }
    return outline.lines
  }
}

private struct Outline {
  let graph: CallGraph
  let calls: [[CallGraph.Edge]]
  let width: Int?
  private(set) var lines: [String] = []
  private var isShown: [Bool]

  init(graph: CallGraph, calls: [[CallGraph.Edge]], width: Int?) {
    self.graph = graph
    self.calls = calls
    self.width = width
    isShown = Array(repeating: false, count: graph.nodes.count)
  }

  private struct Item {
    var node: Int
    /// What is before the name, and before the names of what it calls.
    var lead: String
    var indent: String
  }

  /// Adds the tree below a root, unless it was shown already; deep graphs need no stack of ours.
  mutating func add(_ root: Int) {
    guard !isShown[root] else { return }
    var work = [Item(node: root, lead: "", indent: "")]
    while let item = work.popLast() {
      let isKnown = isShown[item.node]
      let called = calls[item.node]
      let line = item.lead + text(item.node, isAbove: isKnown && !called.isEmpty)
      lines.append(CallGraph.fitted(line, to: width))
      guard !isKnown else { continue }
      isShown[item.node] = true
      for (index, edge) in called.enumerated().reversed() {
        let isLast = index == called.count - 1
        work.append(
          Item(
            node: edge.to,
            lead: item.indent + (isLast ? "└─ " : "├─ ") + (edge.isIndirect ? "~ " : ""),
            indent: item.indent + (isLast ? "   " : "│  ")))
      }
    }
  }

  private func text(_ node: Int, isAbove: Bool) -> String {
    let words = graph.nodes[node].marks.words
    return graph.nodes[node].name + (words.isEmpty ? "" : "  [\(words.joined(separator: ", "))]")
      + (isAbove ? "  (see above)" : "")
  }
}
