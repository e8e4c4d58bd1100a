/// Paths in δ, the call graph of a version.
package enum CallPath {
  /// A shortest path of calls, with both ends, or `nil` if there is none.
  ///
  /// From a procedure to itself it is a shortest cycle. Of several shortest paths it is the one that
  /// follows the order of `callees`.
  ///
  /// `start`: the first caller.
  ///
  /// `end`: the last callee.
  ///
  /// `callees`: δ.
  package static func shortest(
    from start: ProcedureID, to end: ProcedureID, in callees: [ProcedureID: [ProcedureID]]
  ) -> [ProcedureID]? {
    var callerOf: [ProcedureID: ProcedureID] = [:]
    var front = [start]
    while !front.isEmpty {
      var next: [ProcedureID] = []
      for caller in front {
        for callee in callees[caller] ?? [] where callerOf[callee] == nil {
          callerOf[callee] = caller
          if callee == end { return path(to: end, from: start, callerOf) }
          next.append(callee)
        }
      }
      front = next
    }
    return nil
  }

  private static func path(
    to end: ProcedureID, from start: ProcedureID, _ callerOf: [ProcedureID: ProcedureID]
  ) -> [ProcedureID] {
    var path = [end]
    var next = callerOf[end]
    while let caller = next {
      path.append(caller)
      if caller == start { break }
      next = callerOf[caller]
    }
    return path.reversed()
  }
}
