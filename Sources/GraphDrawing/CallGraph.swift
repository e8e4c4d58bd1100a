/// A call graph to be shown to people; edges are indices into `nodes`.
package struct CallGraph: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    package var name: String
    package var marks: Marks
    package init(_ name: String, _ marks: Marks = []) {
      self.name = name
      self.marks = marks
    }
  }

  package struct Edge: Hashable, Sendable {
    package var from: Int
    package var to: Int
    /// Through a pointer, or by a library that was given the address.
    package var isIndirect: Bool
    package init(_ from: Int, _ to: Int, isIndirect: Bool = false) {
      self.from = from
      self.to = to
      self.isIndirect = isIndirect
    }
  }

  /// What an update and the stacks have to do with a procedure.
  package struct Marks: OptionSet, Hashable, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let changed = Marks(rawValue: 1)
    package static let updated = Marks(rawValue: 2)
    package static let active = Marks(rawValue: 4)
    package static let resident = Marks(rawValue: 8)
    package static let held = Marks(rawValue: 16)

    /// The words for them, in this order.
    package var words: [String] {
      [
        (Marks.changed, "changed"), (.updated, "updated"), (.active, "active"),
        (.resident, "resident"), (.held, "held"),
      ].filter { contains($0.0) }.map(\.1)
    }
  }

  package var title: String
  package var nodes: [Node]
  package var edges: [Edge]

  package init(title: String, nodes: [Node], edges: [Edge]) {
    self.title = title
    self.nodes = nodes
    self.edges = edges
  }

  /// The edges of each node, in the order of `edges`.
  var edgesByCaller: [[Edge]] {
    var result = [[Edge]](repeating: [], count: nodes.count)
    for edge in edges { result[edge.from].append(edge) }
    return result
  }
}
