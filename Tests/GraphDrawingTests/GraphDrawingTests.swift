import Foundation
import FoundationXML
import GraphDrawing
import TestSupport
import Testing

@Suite struct GraphDrawingTests {
  private static let pizza = CallGraph(
    title: "pizza <version 1 & 2>",
    nodes: [
      .init("main", .resident), .init("do_pizza", [.changed, .active, .held]),
      .init("mix", [.changed, .updated]), .init("bake", .changed), .init("heat"),
    ],
    edges: [
      .init(0, 1), .init(1, 2), .init(1, 3), .init(3, 4), .init(4, 4),
      .init(1, 4, isIndirect: true),
    ])

  /// A graph with cycles and calls of procedures by themselves.
  private static func random(_ seed: UInt64, count: Int, calls: Int) -> CallGraph {
    var dice = Dice(seed: seed + 1)
    return CallGraph(
      title: "random",
      nodes: (0..<count).map { .init(String(repeating: "p", count: 1 + $0 % 30) + "\($0)") },
      edges: Set(
        (0..<calls).map { _ in
          CallGraph.Edge(dice.roll(count), dice.roll(count))
        }
      ).sorted { ($0.from, $0.to) < ($1.from, $1.to) })
  }

  private func layout(_ graph: CallGraph) -> LayeredLayout {
    LayeredLayout(
      widths: graph.nodes.map { $0.name.count * 8 + 20 },
      edges: graph.edges.map { ($0.from, $0.to) })
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `no two boxes overlap, and every edge ends at its boxes`(seed: UInt64) {
    let graph = Self.random(seed, count: 2 + Int(seed), calls: Int(seed) * 2)
    let layout = layout(graph)
    #expect(layout.boxes.count == graph.nodes.count && layout.routes.count == graph.edges.count)
    for (index, box) in layout.boxes.enumerated() {
      #expect(box.x >= 0 && box.y >= 0)
      #expect(box.x + box.width <= layout.width && box.y + box.height <= layout.height)
      for other in layout.boxes[(index + 1)...] {
        let isApart =
          box.x + box.width < other.x || other.x + other.width < box.x
          || box.y + box.height < other.y || other.y + other.height < box.y
        #expect(isApart, "\(box) and \(other)")
      }
    }
    for (edge, route) in zip(graph.edges, layout.routes) {
      guard edge.from != edge.to else {
        #expect(route.isEmpty)
        continue
      }
      let ends = [(edge.from, route.first), (edge.to, route.last)]
      for (node, point) in ends {
        guard let point else {
          Issue.record("an edge without a route")
          continue
        }
        let box = layout.boxes[node]
        #expect(point.x >= box.x && point.x <= box.x + box.width)
        #expect(point.y == box.y || point.y == box.y + box.height)
      }
    }
  }

  @Test func `without cycles every call leads downwards, by the longest path`() {
    let graph = CallGraph(
      title: "", nodes: ["a", "b", "c", "d"].map { .init($0) },
      edges: [.init(0, 1), .init(1, 2), .init(0, 2), .init(0, 3)])
    let boxes = layout(graph).boxes
    for edge in graph.edges { #expect(boxes[edge.from].y < boxes[edge.to].y) }
    #expect(boxes[2].y - boxes[1].y == boxes[1].y - boxes[0].y)
    #expect(boxes[3].y == boxes[1].y)
    // The call that passes a layer bends there.
    #expect(layout(graph).routes[2].count == 4)
  }

  @Test func `barycentres put callees below their callers, so that calls do not cross`() {
    // a and b call c and d crosswise in the order of the nodes.
    let graph = CallGraph(
      title: "", nodes: ["a", "b", "c", "d"].map { .init($0) }, edges: [.init(0, 3), .init(1, 2)])
    let boxes = layout(graph).boxes
    #expect((boxes[0].x < boxes[1].x) == (boxes[3].x < boxes[2].x))
  }

  @Test(arguments: [0, 1, 40])
  func `the picture is well-formed and has every procedure and call`(_ count: Int) throws {
    let graph = count == 0 ? Self.pizza : Self.random(UInt64(count), count: count, calls: 2 * count)
    let picture = Picture()
    let parser = XMLParser(data: Data(graph.svg.utf8))
    parser.delegate = picture
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(picture.names == graph.nodes.map(\.name))
    #expect(picture.callCount == graph.edges.count)
    #expect(picture.root == "svg")
    let boxes = picture.boxes.dropFirst(6)
    #expect(boxes.count == graph.nodes.count)
    let bottom = (boxes.map { $0.y + $0.height }.max() ?? 0) + 68
    #expect(bottom <= picture.height)
  }

  @Test func `marks show in all three forms`() {
    let graph = Self.pizza
    #expect(
      graph.outline(width: nil) == [
        "main  [resident]",
        "└─ do_pizza  [changed, active, held]",
        "   ├─ mix  [changed, updated]",
        "   ├─ bake  [changed]",
        "   │  └─ heat",
        "   │     └─ heat  (see above)",
        "   └─ ~ heat  (see above)",
      ])
    let dot = graph.dot
    #expect(dot.hasPrefix("digraph calls {") && dot.hasSuffix("}\n"))
    #expect(dot.contains("n1 [label=\"do_pizza\", tooltip=\"changed, active, held\""))
    #expect(dot.contains("n1 -> n4 [style=dashed];") && dot.contains("n0 -> n1;"))
    let svg = graph.svg
    #expect(svg.contains("<title>do_pizza, changed, active, held</title>"))
    #expect(svg.contains("pizza &lt;version 1 &amp; 2&gt;"))
    #expect(svg.contains("fill=\"#fde68a\" stroke=\"#dc2626\""))
  }

  @Test func `the outline fits the width, and shows what only a cycle leads to`() {
    let graph = CallGraph(
      title: "", nodes: [.init("begin"), .init("ping"), .init("pong")],
      edges: [.init(1, 2), .init(2, 1)])
    #expect(
      graph.outline(width: 12) == ["begin", "ping", "└─ pong", "   └─ ping …"])
    #expect(graph.outline(width: 12).allSatisfy { $0.count <= 12 })
  }

  @Test(.timeLimit(.minutes(1))) func `a deep and a large graph end`() {
    let deep = CallGraph(
      title: "deep", nodes: (0..<3000).map { .init("p\($0)") },
      edges: (1..<3000).flatMap { [.init($0 - 1, $0), .init(0, $0)] })
    #expect(deep.svg.hasSuffix("</svg>\n"))
    #expect(deep.outline(width: 80).count == 2 * 2999 + 1)
  }
}

/// What a picture holds, as an XML parser sees it.
private final class Picture: NSObject, XMLParserDelegate {
  var root: String?
  var height = 0
  var names: [String] = []
  var callCount = 0
  var boxes: [(y: Int, height: Int)] = []
  private var isProcedure = false
  private var text: String?

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    if root == nil {
      root = name
      height = attributes["height"].flatMap { Int($0) } ?? 0
    }
    if attributes["class"] == "procedure" { isProcedure = true }
    if attributes["class"] == "call" { callCount += 1 }
    if name == "text", isProcedure { text = "" }
    if name == "rect" {
      boxes.append(
        (
          attributes["y"].flatMap { Int($0) } ?? 0, attributes["height"].flatMap { Int($0) } ?? 0
        ))
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text? += string }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "text", let found = text {
      names.append(found)
      text = nil
    }
  }
}
