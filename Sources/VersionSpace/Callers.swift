/// δ read backwards: who may call each procedure.
///
/// Takes time and room in proportion to the edges of δ, and is made before a stop: in it, only what
/// leads to the procedures that are held is looked at.
package struct Callers: Hashable, Sendable {
  private var first = 0
  /// Where the callers of each procedure from `first` on begin in `all`.
  private var starts: [Int] = [0]
  private var all: [ProcedureID] = []

  /// - Parameter callees: δ.
  package init(of callees: [ProcedureID: [ProcedureID]]) {
    let edges = callees.values.joined()
    guard let lowest = edges.min(), let highest = edges.max() else { return }
    first = lowest.rawValue
    starts = Array(repeating: 0, count: highest.rawValue - first + 2)
    for callee in edges { starts[callee.rawValue - first + 1] += 1 }
    for index in starts.indices.dropFirst() { starts[index] += starts[index - 1] }
    all = Array(repeating: lowest, count: starts[starts.count - 1])
    var next = starts
    for caller in callees.keys.sorted() {
      for callee in callees[caller] ?? [] {
        all[next[callee.rawValue - first]] = caller
        next[callee.rawValue - first] += 1
      }
    }
  }

  /// In the order of their ids.
  package subscript(_ callee: ProcedureID) -> ArraySlice<ProcedureID> {
    let index = callee.rawValue - first
    guard index >= 0, index + 1 < starts.count else { return [] }
    return all[starts[index]..<starts[index + 1]]
  }
}
