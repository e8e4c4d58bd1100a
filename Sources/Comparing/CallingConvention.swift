import TypeModel

/// How a value is passed or returned (x86-64 psABI, section 3.2.3): what must be equal for two
/// prototypes to share an epoch.
private enum PassingShape: Hashable {
  case nothing
  /// In a general register or two.
  case integer(byteCount: Int)
  case float(byteCount: Int)
  /// In memory or on the x87 stack.
  case extended(byteCount: Int)
  /// A struct or union; one class for each eightbyte, none when it goes by memory.
  case aggregate(byteCount: Int, eightbytes: [Eightbyte])

  enum Eightbyte: Hashable { case integer, float }
}

/// Whether two prototypes are one calling convention, that is, one epoch.
struct CallingConvention {
  let old: TypeGraph
  let new: TypeGraph

  /// Compares count, variadicity, size and class of each parameter and of the result, and the
  /// order of the parameters as their names tell it.
  func areSame(_ left: Prototype, _ right: Prototype) -> Bool {
    guard left.parameters.count == right.parameters.count, left.isVariadic == right.isVariadic,
      shape(left.result, old) == shape(right.result, new)
    else { return false }
    for (parameter, newParameter) in zip(left.parameters, right.parameters)
    where shape(parameter.type, old) != shape(newParameter.type, new) {
      return false
    }
    return !isReordered(left, right)
  }

  /// A name that both know but at another place; a name of only one side is a renamed parameter.
  private func isReordered(_ left: Prototype, _ right: Prototype) -> Bool {
    let newNames = right.parameters.map(\.name)
    for (place, parameter) in left.parameters.enumerated() {
      guard let name = parameter.name, let newPlace = newNames.firstIndex(of: name) else {
        continue
      }
      if newPlace != place { return true }
    }
    return false
  }

  private func shape(_ id: TypeID, _ graph: TypeGraph) -> PassingShape {
    let resolved = graph.resolved(id).id
    let size = graph.byteCount(of: resolved)
    switch graph[resolved] {
    case .void: return .nothing
    case .pointer, .enumeration, .array, .function: return .integer(byteCount: max(size, 4))
    case .base(_, let encoding, _):
      switch encoding {
      case .float: return size > 8 ? .extended(byteCount: size) : .float(byteCount: size)
      case .complexFloat: return .aggregate(byteCount: size, eightbytes: [.float, .float])
      default: return .integer(byteCount: size)
      }
    case .structure, .union:
      return .aggregate(byteCount: size, eightbytes: eightbytes(of: resolved, size, graph))
    case .typedef, .qualified: return .nothing
    }
  }

  private func eightbytes(
    of id: TypeID, _ size: Int, _ graph: TypeGraph
  ) -> [PassingShape.Eightbyte] {
    guard size <= 16, size > 0 else { return [] }
    var classes = Array(repeating: PassingShape.Eightbyte.float, count: (size + 7) / 8)
    return classify(id, at: 0, graph, into: &classes, depth: 0) ? classes : []
  }

  /// Merges the classes of what lies at `offset` bytes; false when it has to go by memory.
  private func classify(
    _ id: TypeID, at offset: Int, _ graph: TypeGraph,
    into classes: inout [PassingShape.Eightbyte], depth: Int
  ) -> Bool {
    guard depth < 16 else { return false }
    let resolved = graph.resolved(id).id
    switch graph[resolved] {
    case .structure(let composite), .union(let composite):
      for member in composite.members {
        guard
          classify(
            member.type, at: offset + member.bitOffset / 8, graph, into: &classes, depth: depth + 1)
        else { return false }
      }
      return true
    case .array(let element, let count):
      let step = graph.byteCount(of: element)
      for index in 0..<min(max(count ?? 0, 0), 16) {
        guard
          classify(element, at: offset + index * step, graph, into: &classes, depth: depth + 1)
        else { return false }
      }
      return true
    case .base(_, .float, let count) where count > 8: return false
    case .base(_, .float, _), .base(_, .complexFloat, _): return true
    default:
      if classes.indices.contains(offset / 8) { classes[offset / 8] = .integer }
      return true
    }
  }
}
