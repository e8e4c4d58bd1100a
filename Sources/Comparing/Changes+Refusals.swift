extension Changes {
  /// Those of `refusals` that have to do with a procedure itself, or with data or a struct that it
  /// uses and that groups it with others.
  ///
  /// `index`: of `procedures`.
  package func refusals(of index: Int) -> [Refusal] {
    let procedure = procedures[index]
    let causes = groups.filter { $0.members.contains(index) }.map(\.reason)
    return refusals.filter { refusal in
      switch refusal {
      case .storedAddress(let name, _):
        procedure.name == name || causes.contains(.epoch(name))
      case .datumNeedsMap(let name, _, _, _), .threadLocal(let name, _),
        .pointerToMoved(let name, _, _):
        causes.contains(.datum(name))
      case .structureNeedsMap(let tag, _): causes.contains(.structure(tag))
      case .unsupported: false
      }
    }
  }
}
