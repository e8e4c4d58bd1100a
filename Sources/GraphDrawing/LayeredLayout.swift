/// Places boxes in layers, so that edges lead downwards as far as there are no cycles.
///
/// Layers by longest paths, order within them by barycentres, then the boxes move towards their
/// neighbours (Sugiyama, Tagawa and Toda 1981, without its finer points). Lengths are in pixels.
package struct LayeredLayout: Hashable, Sendable {
  package struct Box: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int
  }

  package struct Point: Hashable, Sendable {
    package var x: Int
    package var y: Int
  }

  /// By node.
  package private(set) var boxes: [Box] = []
  /// By edge, from the caller to the callee; empty for an edge from a node to itself.
  package private(set) var routes: [[Point]] = []
  package private(set) var width = 0
  package private(set) var height = 0

  static let boxHeight = 28
  static let layerGap = 44
  static let gap = 16
  static let margin = 20
  /// More bends than this make no picture clearer; long edges are then straight.
  private static let mostBends = 20_000

  /// - Parameters:
  ///   - widths: of the boxes, by node.
  ///   - edges: pairs of nodes.
  package init(widths: [Int], edges: [(from: Int, to: Int)]) {
    guard !widths.isEmpty else { return }
    let layering = Layering(count: widths.count, edges: edges)
    var rows = Rows(widths: widths, layers: layering.layers)
    let chains = rows.addChains(layering.downward, atMost: Self.mostBends)
    rows.order()
    let centres = rows.centres()
    let left = rows.widths.indices.map { centres[$0] - rows.widths[$0] / 2 }.min() ?? 0
    func x(_ vertex: Int) -> Int { centres[vertex] - left + Self.margin }
    func top(_ vertex: Int) -> Int {
      Self.margin + rows.layers[vertex] * (Self.boxHeight + Self.layerGap)
    }
    boxes = widths.indices.map { node in
      Box(
        x: x(node) - widths[node] / 2, y: top(node), width: widths[node], height: Self.boxHeight)
    }
    routes = zip(chains, layering.downward).map { chain, edge in
      guard let first = chain.first, let last = chain.last else { return [] }
      // Straight down through the row, so that no box of it is crossed.
      let bends = chain.dropFirst().dropLast().flatMap {
        [Point(x: x($0), y: top($0)), Point(x: x($0), y: top($0) + Self.boxHeight)]
      }
      let route =
        [Point(x: x(first), y: top(first) + Self.boxHeight)] + bends
        + [Point(x: x(last), y: top(last))]
      return edge.isReversed ? route.reversed() : route
    }
    width = (boxes.map { $0.x + $0.width }.max() ?? 0) + Self.margin
    height = (boxes.map { $0.y + $0.height }.max() ?? 0) + Self.margin
  }
}

/// Edges without cycles, and each node's layer.
private struct Layering {
  struct Edge {
    var from: Int
    var to: Int
    /// Whether it led the other way before cycles were broken.
    var isReversed: Bool
  }

  /// In the order of the edges given; an edge from a node to itself stays as it is.
  private(set) var downward: [Edge] = []
  private(set) var layers: [Int]

  init(count: Int, edges: [(from: Int, to: Int)]) {
    layers = Array(repeating: 0, count: count)
    var outgoing = [[Int]](repeating: [], count: count)
    for edge in edges where edge.from != edge.to { outgoing[edge.from].append(edge.to) }
    let finished = Self.finishingOrder(outgoing)
    var rank = [Int](repeating: 0, count: count)
    for (position, node) in finished.reversed().enumerated() { rank[node] = position }
    downward = edges.map { edge in
      rank[edge.from] <= rank[edge.to]
        ? Edge(from: edge.from, to: edge.to, isReversed: false)
        : Edge(from: edge.to, to: edge.from, isReversed: true)
    }
    var below = [[Int]](repeating: [], count: count)
    for edge in downward where edge.from != edge.to { below[edge.from].append(edge.to) }
    for node in finished.reversed() {
      for next in below[node] { layers[next] = max(layers[next], layers[node] + 1) }
    }
  }

  /// Nodes as a depth-first walk leaves them; reversed it is a topological order but for cycles.
  private static func finishingOrder(_ outgoing: [[Int]]) -> [Int] {
    var isSeen = [Bool](repeating: false, count: outgoing.count)
    var order: [Int] = []
    for root in outgoing.indices where !isSeen[root] {
      isSeen[root] = true
      var work = [(node: root, next: 0)]
      while let (node, next) = work.last {
        guard next < outgoing[node].count else {
          order.append(node)
          work.removeLast()
          continue
        }
        work[work.count - 1].next += 1
        let callee = outgoing[node][next]
        guard !isSeen[callee] else { continue }
        isSeen[callee] = true
        work.append((callee, 0))
      }
    }
    return order
  }
}

/// Boxes, and bends of long edges between them, in rows.
private struct Rows {
  private(set) var widths: [Int]
  private(set) var layers: [Int]
  private var rows: [[Int]]
  private var above: [[Int]]
  private var below: [[Int]]

  init(widths: [Int], layers: [Int]) {
    self.widths = widths
    self.layers = layers
    rows = Array(repeating: [], count: (layers.max() ?? 0) + 1)
    for node in widths.indices { rows[layers[node]].append(node) }
    above = Array(repeating: [], count: widths.count)
    below = above
  }

  /// Connects the vertices; an edge over several layers gets a bend in each between.
  ///
  /// - Returns: for each edge the vertices that it passes, from above.
  mutating func addChains(_ edges: [Layering.Edge], atMost limit: Int) -> [[Int]] {
    let bends = edges.reduce(0) { $0 + max(0, layers[$1.to] - layers[$1.from] - 1) }
    return edges.map { edge in
      guard edge.from != edge.to else { return [] }
      var chain = [edge.from]
      if bends <= limit {
        for layer in layers[edge.from] + 1..<max(layers[edge.to], layers[edge.from] + 1) {
          chain.append(addBend(layer))
        }
      }
      chain.append(edge.to)
      for (upper, lower) in zip(chain, chain.dropFirst()) {
        below[upper].append(lower)
        above[lower].append(upper)
      }
      return chain
    }
  }

  private mutating func addBend(_ layer: Int) -> Int {
    widths.append(2)
    layers.append(layer)
    above.append([])
    below.append([])
    rows[layer].append(widths.count - 1)
    return widths.count - 1
  }

  /// Sorts each row by the mean place of its neighbours, downwards and upwards in turn.
  mutating func order() {
    var place = [Double](repeating: 0, count: widths.count)
    func note(_ row: [Int]) {
      for (index, vertex) in row.enumerated() {
        place[vertex] = (Double(index) + 0.5) / Double(row.count)
      }
    }
    rows.forEach(note)
    for round in 0..<8 {
      let neighbours = round % 2 == 0 ? above : below
      for layer in round % 2 == 0 ? Array(rows.indices) : rows.indices.reversed() {
        let keys = rows[layer].map { vertex in
          neighbours[vertex].isEmpty
            ? place[vertex]
            : neighbours[vertex].reduce(0) { $0 + place[$1] } / Double(neighbours[vertex].count)
        }
        rows[layer] = rows[layer].indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
          .map { rows[layer][$0] }
        note(rows[layer])
      }
    }
  }

  /// Where each vertex' centre is, near those of its neighbours and away from the next in its row.
  func centres() -> [Int] {
    var centres = [Int](repeating: 0, count: widths.count)
    for row in rows {
      var end = 0
      for vertex in row {
        centres[vertex] = end + widths[vertex] / 2
        end += widths[vertex] + LayeredLayout.gap
      }
      for vertex in row { centres[vertex] -= end / 2 }
    }
    for round in 0..<12 {
      let neighbours = round % 2 == 0 ? above : below
      for row in round % 2 == 0 ? rows : rows.reversed() {
        let wanted = row.map { vertex in
          neighbours[vertex].isEmpty
            ? centres[vertex]
            : neighbours[vertex].reduce(0) { $0 + centres[$1] } / neighbours[vertex].count
        }
        for (vertex, centre) in zip(row, spread(row, wanted)) { centres[vertex] = centre }
      }
    }
    return centres
  }

  /// The wanted places, moved apart: half-way between pushing from the left and from the right,
  /// both of which keep the distances.
  private func spread(_ row: [Int], _ wanted: [Int]) -> [Int] {
    func distance(_ left: Int, _ right: Int) -> Int {
      (widths[row[left]] + 1) / 2 + (widths[row[right]] + 1) / 2 + LayeredLayout.gap + 1
    }
    var pushed = wanted
    for index in row.indices.dropFirst() {
      pushed[index] = max(pushed[index], pushed[index - 1] + distance(index - 1, index))
    }
    var pulled = wanted
    for index in row.indices.dropLast().reversed() {
      pulled[index] = min(pulled[index], pulled[index + 1] - distance(index, index + 1))
    }
    return zip(pushed, pulled).map { ($0 + $1) / 2 }
  }
}
