import TypeModel

/// Which procedures a call through a pointer may reach, as far as types tell.
struct FunctionPointers {
  /// Of the unit's data and of what it declares: the function types and everything on the way.
  private var units: [Reach] = []
  private let types: TypeGraph
  private let shapes: [String]

  private struct Reach {
    var seen: [Bool]
    var functions: Set<String> = []
  }

  init(_ delta: Delta, furtherTypes: [[TypeID]]) {
    types = delta.types
    shapes = delta.procedures.map { delta.types.shape(of: $0.prototype) }
    var roots = furtherTypes
    while roots.count < delta.units.count { roots.append([]) }
    for datum in delta.data { roots[datum.unit].append(datum.type) }
    for procedure in delta.procedures { roots[procedure.unit].append(procedure.prototype.result) }
    let nothing = Reach(seen: [Bool](repeating: false, count: types.types.count))
    units = roots.map { reach(of: $0, from: nothing) }
  }

  /// Those of `taken`, whose addresses are taken, that have the type of a pointer which the
  /// procedure may have in hand: one that its own variables lead to, or its unit's data, or what
  /// its unit declares; all of them when there is none, since the pointer then came without a type.
  func callees(of procedure: Delta.Procedure, among taken: Set<Int>) -> [Int] {
    let roots = procedure.mentionedTypes + procedure.prototype.parameters.map(\.type)
    let reach = reach(of: roots, from: units[procedure.unit])
    guard !reach.functions.isEmpty else { return taken.sorted() }
    return taken.filter { reach.functions.contains(shapes[$0]) }.sorted()
  }

  /// Adds the function types that values of the types lead to, through members and pointers.
  private func reach(of roots: [TypeID], from start: Reach) -> Reach {
    var result = start
    var work = roots
    while let next = work.popLast() {
      guard !result.seen[next.rawValue] else { continue }
      result.seen[next.rawValue] = true
      if case .function(let prototype) = types[next] {
        result.functions.insert(types.shape(of: prototype))
        work.append(prototype.result)
        continue
      }
      _ = types[next].mapped { part in
        work.append(part)
        return part
      }
    }
    return result
  }
}

extension TypeGraph {
  /// Sizes and kinds only: a call through a pointer of a compatible type still matches.
  fileprivate func shape(of prototype: Prototype) -> String {
    func kind(_ id: TypeID) -> String {
      switch self[underlying(id)] {
      case .void: "v"
      case .base(_, .float, let size): "f\(size)"
      case .pointer, .array, .function: "p"
      case .structure, .union: "s\(byteCount(of: id))"
      default: "i\(byteCount(of: id))"
      }
    }
    return kind(prototype.result) + "(" + prototype.parameters.map { kind($0.type) }.joined()
  }
}
