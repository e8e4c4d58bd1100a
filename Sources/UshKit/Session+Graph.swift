import Glibc
import GraphDrawing
package import PupProtocol

extension Answers {
  struct Graph: Decodable { let graph: GraphReport }
}

/// The forms in which a call graph is shown.
package enum GraphForm: String, Sendable, Hashable {
  case outline, dot, svg
}

extension Session {
  /// The call graph of `name`, marked by the pending update or by one to `what`.
  package func graph(
    of name: String, _ what: String?, changes: String?
  ) throws(ServiceFailure) -> GraphReport {
    let update = try comparison(with: what, changes: changes, for: name)
    let request = GraphRequest(
      path: update?.path, changes: update?.changes, version: update?.version)
    let answer: Answers.Graph = try call("Graph", of: name, request)
    var graph = answer.graph
    graph.program = try site(of: name).text
    return graph
  }

  /// Prints a graph, or writes it to `output`.
  package func show(
    _ report: GraphReport, as form: GraphForm, to output: String?
  ) throws(ServiceFailure) {
    let graph = CallGraph(report)
    let text =
      switch form {
      case .dot: graph.dot
      case .svg: graph.svg
      case .outline:
        Self.lines(of: graph, width: output == nil ? Self.terminalWidth : nil)
          .joined(separator: "\n") + "\n"
      }
    if let output { try writeFile(output, text) }
    if console.isJSON {
      console.printJSON(report)
    } else if output == nil {
      console.copy(Array(text.utf8))
    }
    guard !console.isJSON else { return }
    for reason in report.refused { console.complain("the update would be refused: \(reason)") }
  }

  private static func lines(of graph: CallGraph, width: Int?) -> [String] {
    [CallGraph.fitted(graph.title, to: width)] + graph.outline(width: width)
  }

  /// The columns of the terminal that standard output is, if it is one.
  private static var terminalWidth: Int? {
    var size = winsize()
    guard isatty(1) == 1, unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }
}

extension CallGraph {
  fileprivate init(_ report: GraphReport) {
    var title = "\(report.program), version \(report.from)"
    if let to = report.to {
      title +=
        report.isPending ? ", update to version \(to) pending" : ", compared with version \(to)"
    }
    self.init(
      title: title,
      nodes: report.nodes.map { node in
        var marks: Marks = []
        if node.isChanged { marks.insert(.changed) }
        if node.isUpdated { marks.insert(.updated) }
        if node.isActive { marks.insert(.active) }
        if node.isResident { marks.insert(.resident) }
        if node.isHeld { marks.insert(.held) }
        return Node(node.name, marks)
      }, edges: Self.merged(report.edges))
  }

  /// One edge for each pair of procedures; dashed if no call of it is direct.
  private static func merged(_ edges: [GraphEdge]) -> [Edge] {
    var result: [Edge] = []
    var known: [[Int]: Int] = [:]
    for edge in edges {
      let isIndirect = edge.kind == .indirect || edge.kind == .callback
      if let index = known[[edge.from, edge.to]] {
        result[index].isIndirect = result[index].isIndirect && isIndirect
      } else {
        known[[edge.from, edge.to]] = result.count
        result.append(Edge(edge.from, edge.to, isIndirect: isIndirect))
      }
    }
    return result
  }
}
