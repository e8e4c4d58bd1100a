extension DebugInformation {
  /// The same with each type once, however many units describe it.
  package func mergingTypes() -> DebugInformation {
    let (graph, ids) = types.merged()
    func moved(_ id: TypeID) -> TypeID { ids[id.rawValue] }
    var result = self
    result.types = graph
    for unit in units.indices {
      for index in units[unit].procedures.indices {
        let procedure = units[unit].procedures[index]
        result.units[unit].procedures[index].prototype = procedure.prototype.mapped(moved)
        result.units[unit].procedures[index].mentionedTypes =
          Set(procedure.mentionedTypes.map(moved)).sorted()
      }
      for index in units[unit].data.indices {
        result.units[unit].data[index].type = moved(units[unit].data[index].type)
      }
      result.units[unit].furtherTypes = Set(units[unit].furtherTypes.map(moved)).sorted()
    }
    return result
  }
}
