import TestSupport
import Testing

/// `ush graph`: the call graph of a running program in its four forms.
@Suite(.timeLimit(.minutes(5))) struct GraphTests {
  struct Report: Decodable {
    struct Node: Decodable {
      var name: String
      var file: String
      var changed: Bool
      var updated: Bool
      var active: Bool
      var resident: Bool
      var held: Bool
    }
    struct Edge: Decodable {
      var from: Int
      var to: Int
      var kind: String
    }
    var from: Int
    var to: Int?
    var pending: Bool
    var refused: [String]
    var nodes: [Node]
    var edges: [Edge]

    func node(_ name: String) -> Node? { nodes.first { $0.name == name } }
  }

  @Test func `marks what changes, what runs and what waits`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "900"])
      #expect(await program.prints("pizza 1 contains", within: .seconds(20)))
      var report: Report = try decode(from: try await sandbox.ush("graph", "pizza", "--json"))
      #expect(report.nodes.map(\.name).sorted() == ["main"].merged(with: pizzaProcedures))
      #expect(report.to == nil && !report.nodes.contains { $0.changed || $0.held })
      let edges = report.edges.map { edge in
        "\(report.nodes[edge.from].name) \(report.nodes[edge.to].name) \(edge.kind)"
      }
      #expect(
        Set(edges) == [
          "main do_pizza direct", "do_pizza set_oven_temp direct",
          "do_pizza mix_ingredients direct", "do_pizza bake_pizza direct",
        ])
      report = try decode(from: try await sandbox.ush("graph", "pizza", new, "--json"))
      #expect(report.to == 2 && !report.pending && report.node("main")?.resident == true)
      #expect(report.nodes.filter(\.changed).map(\.name).sorted() == pizzaProcedures)
      let making = try #require(report.node("do_pizza"))
      #expect(making.active && making.held && making.changed && making.file == "pizza1.c")
      #expect(report.node("main")?.active == false)

      _ = try await program.update(to: new, "--wait", "0")
      report = try decode(from: try await sandbox.ush("graph", "pizza", "--json"))
      #expect(report.pending && report.node("do_pizza")?.held == true)
      #expect(report.node("bake_pizza")?.updated == true)
      #expect(report.node("bake_pizza")?.held == false)
      #expect(try await sandbox.ush("wait", "pizza", "20").status == 0)
      #expect(program.unchanged.tracer == 0)
    }
  }

  @Test func `prints a tree, GraphViz text, and a picture into a file`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "3000"])
      #expect(await program.prints("pizza number 1"))
      let tree = try await sandbox.ush("graph", "pizza", new)
      #expect(tree.status == 0 && tree.output.contains("main  [resident]\n└─ do_pizza  ["))
      #expect(tree.output.hasPrefix("pizza, version 1, compared with version 2\n"))
      let dot = try await sandbox.ush("graph", "pizza", "--dot")
      #expect(dot.output.hasPrefix("digraph calls {"), "\(dot.summary)")
      let file = "\(sandbox.folder)/pizza.svg"
      let svg = try await sandbox.ush("graph", "pizza", new, "--svg", "-o", file)
      #expect(svg.status == 0 && svg.output.isEmpty, "\(svg.summary)")
      let picture = contents(of: file)
      #expect(picture.hasPrefix("<svg ") && picture.hasSuffix("</svg>\n"))
      #expect(picture.contains("<title>do_pizza, changed, active, held</title>"))
      #expect(picture.contains("do_pizza → bake_pizza"))
      #expect(try await sandbox.ush("graph", "pizza", "--dot", "--svg").status == 2)
      #expect(try await sandbox.ush("graph", "pizza", "-o", "/none/x").status == 1)
    }
  }
}

extension [String] {
  fileprivate func merged(with other: [String]) -> [String] { (self + other).sorted() }
}
