/// How a procedure's values are passed (x86-64 psABI, section 3.2.3): what an epoch keeps.
package struct CallingConvention: Hashable, Sendable, Codable {
  private struct Parameter: Hashable, Sendable, Codable {
    var name: String?
    var shape: PassingShape
  }

  private var parameters: [Parameter]
  private var result: PassingShape
  private var isVariadic: Bool

  package init(of prototype: Prototype, in types: TypeGraph) {
    parameters = prototype.parameters.map {
      Parameter(name: $0.name, shape: types.passingShape(of: $0.type))
    }
    result = types.passingShape(of: prototype.result)
    isVariadic = prototype.isVariadic
  }

  /// Whether callers of one can call the other, which then share an epoch.
  ///
  /// Compares count, variadicity, size and class of each parameter and of the result, and the order
  /// of the parameters as their names tell it.
  package func isSame(as other: CallingConvention) -> Bool {
    isVariadic == other.isVariadic && result == other.result
      && parameters.map(\.shape) == other.parameters.map(\.shape) && !isReordered(other)
  }

  /// A name that both know but at another place; a name of only one side is a renamed parameter.
  private func isReordered(_ other: CallingConvention) -> Bool {
    let names = other.parameters.map(\.name)
    return parameters.enumerated().contains { place, parameter in
      guard let name = parameter.name, let otherPlace = names.firstIndex(of: name) else {
        return false
      }
      return otherPlace != place
    }
  }
}

/// How a value is passed or returned.
private enum PassingShape: Hashable, Codable {
  case nothing
  /// In a general register or two.
  case integer(byteCount: Int)
  case float(byteCount: Int)
  /// In memory or on the x87 stack.
  case extended(byteCount: Int)
  /// A struct or union; one class for each eightbyte, none when it goes by memory.
  case aggregate(byteCount: Int, eightbytes: [Eightbyte])

  enum Eightbyte: Hashable, Codable { case integer, float }
}

extension TypeGraph {
  fileprivate func passingShape(of id: TypeID) -> PassingShape {
    let resolved = underlying(id)
    let size = byteCount(of: resolved)
    switch self[resolved] {
    case .void: return .nothing
    case .pointer, .enumeration, .array, .function: return .integer(byteCount: max(size, 4))
    case .base(_, let encoding, _):
      switch encoding {
      case .float: return size > 8 ? .extended(byteCount: size) : .float(byteCount: size)
      case .complexFloat: return .aggregate(byteCount: size, eightbytes: [.float, .float])
      default: return .integer(byteCount: size)
      }
    case .structure, .union:
      return .aggregate(byteCount: size, eightbytes: eightbytes(of: resolved, size))
    case .typedef, .qualified: return .nothing
    }
  }

  private func eightbytes(
    of id: TypeID, _ size: Int
  ) -> [PassingShape.Eightbyte] {
    guard size <= 16, size > 0 else { return [] }
    var classes = Array(repeating: PassingShape.Eightbyte.float, count: (size + 7) / 8)
    return classify(id, at: 0, into: &classes, depth: 0) ? classes : []
  }

  /// Merges the classes of what lies at `offset` bytes; false when it has to go by memory.
  private func classify(
    _ id: TypeID, at offset: Int,
    into classes: inout [PassingShape.Eightbyte], depth: Int
  ) -> Bool {
    guard depth < 16 else { return false }
    let resolved = underlying(id)
    switch self[resolved] {
    case .structure(let composite), .union(let composite):
      for member in composite.members {
        guard
          classify(
            member.type, at: offset + member.bitOffset / 8, into: &classes, depth: depth + 1)
        else { return false }
      }
      return true
    case .array(let element, let count):
      let step = self.byteCount(of: element)
      for index in 0..<min(max(count ?? 0, 0), 16) {
        guard
          classify(element, at: offset + index * step, into: &classes, depth: depth + 1)
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
