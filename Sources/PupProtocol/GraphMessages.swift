/// What `Graph` asks for: the update by which the graph is marked, the pending one if nothing is named.
package struct GraphRequest: Codable, Hashable, Sendable {
  /// The executable of a version to compare with, absolute.
  package var path: String?
  /// A changes file, absolute.
  package var changes: String?
  /// The number of a loaded version.
  package var version: Int?

  package init(path: String? = nil, changes: String? = nil, version: Int? = nil) {
    self.path = path
    self.changes = changes
    self.version = version
  }

  /// The update request that would ask for the same.
  package var update: UpdateRequest? {
    guard path != nil || changes != nil || version != nil else { return nil }
    return UpdateRequest(path: path, changes: changes, version: version)
  }
}

/// The call graph of the running version, marked.
package struct GraphReport: Codable, Hashable, Sendable {
  package var program: String
  /// The running version, and that of the update, if there is one.
  package var from: Int
  package var to: Int?
  package var isPending: Bool
  /// Why the update would be refused; empty if it would not.
  package var refused: [String]
  package var nodes: [GraphNode]
  package var edges: [GraphEdge]
  /// How long the target was stopped, in microseconds.
  package var pauseMicroseconds: Int

  package init(
    program: String, from: Int, to: Int? = nil, isPending: Bool = false, refused: [String] = [],
    nodes: [GraphNode] = [], edges: [GraphEdge] = [], pauseMicroseconds: Int = 0
  ) {
    self.program = program
    self.from = from
    self.to = to
    self.isPending = isPending
    self.refused = refused
    self.nodes = nodes
    self.edges = edges
    self.pauseMicroseconds = pauseMicroseconds
  }

  enum CodingKeys: String, CodingKey {
    case program, from, to
    case isPending = "pending"
    case refused, nodes, edges
    case pauseMicroseconds = "pause_us"
  }
}

package struct GraphNode: Codable, Hashable, Sendable {
  /// `name`, or `file.c:name` where a name alone is ambiguous.
  package var name: String
  package var file: String
  /// The update replaces it.
  package var isChanged = false
  /// It is replaced already.
  package var isUpdated = false
  /// It has an activation that will return.
  package var isActive = false
  /// It has one that will not.
  package var isResident = false
  /// It has to wait.
  package var isHeld = false

  package init(name: String, file: String) {
    self.name = name
    self.file = file
  }

  enum CodingKeys: String, CodingKey {
    case name, file
    case isChanged = "changed"
    case isUpdated = "updated"
    case isActive = "active"
    case isResident = "resident"
    case isHeld = "held"
  }
}

package struct GraphEdge: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Hashable, Sendable {
    case direct
    /// To a copy of the callee that the compiler made.
    case clone
    /// Through a pointer of the callee's type.
    case indirect
    /// By a library that was given the callee's address.
    case callback
  }

  /// Indices into `nodes`.
  package var from: Int
  package var to: Int
  package var kind: Kind

  package init(from: Int, to: Int, kind: Kind) {
    self.from = from
    self.to = to
    self.kind = kind
  }
}
