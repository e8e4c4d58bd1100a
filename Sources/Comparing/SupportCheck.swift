import ObjectModel
import Relinking

/// Finds in code that would have to be brought into the target what no relocator of ours handles.
struct SupportCheck {
  let view: ProgramView

  /// Refuses what a procedure, by its index in the delta of this version, has of these.
  func refusals(of procedure: Int) -> [Refusal] {
    let unit = view.delta.procedures[procedure].unit
    var problems: [String] = []
    func add(_ problem: String) {
      if !problems.contains(problem) { problems.append(problem) }
    }
    for (number, part) in view.references.parts[procedure].enumerated() {
      let symbol = view.delta.procedures[procedure].parts[number].symbol
      if let place = part.undecodableAt {
        add("\(symbol)+\(place): code that cannot be decoded")
      }
      for site in part.sites {
        if !site.type.isSupported { add("\(symbol)+\(site.offset): relocation \(site.type)") }
        if isLarge(site.reference) { add("\(symbol)+\(site.offset): medium code model") }
        if case .foreign(let name, _) = site.reference,
          view.delta.linkNames?.expressions.contains(name) == true
        {
          add("\(symbol)+\(site.offset): \(name), which --defsym gives a number or an expression")
        }
        if isUnnamedStorage(site.reference) {
          add("\(symbol)+\(site.offset): writable storage without a name")
        }
      }
    }
    for problem in indirectFunctions(of: procedure) { add(problem) }
    return problems.map { .unsupported(what: $0, unit: view.delta.units[unit].path) }
  }

  /// An indirect function was resolved when the program began, and its address is not ours to change:
  /// a resolver that changed would not run, and one's own clones (`target_clones`) have no slot.
  private func indirectFunctions(of index: Int) -> [String] {
    let procedure = view.delta.procedures[index]
    let object = view.image.object(of: procedure.unit)
    return object.symbols.compactMap { symbol in
      guard symbol.type == .indirectFunction, case .section(let section) = symbol.place else {
        return nil
      }
      if symbol.name == procedure.name {
        return "\(symbol.name) is an indirect function (ifunc), whose code cannot be replaced;"
          + " say `ignore \(symbol.name)`, or restart the program"
      }
      let resolves = procedure.parts.contains {
        $0.section == section && $0.offset <= symbol.value
          && symbol.value < $0.offset + $0.byteCount
      }
      guard resolves else { return nil }
      return "\(procedure.name) chose the code of \(symbol.name) when the program began, and does"
        + " not run again; say `ignore \(procedure.name)`, or restart the program"
    }
  }

  /// Whether it leads to state that cannot be told from that of the other version.
  private func isUnnamedStorage(_ reference: Reference) -> Bool {
    guard case .literal(let unit, let section, _) = reference else { return false }
    return !view.image.object(of: unit)[section].isConstant
  }

  private func isLarge(_ reference: Reference) -> Bool {
    switch reference {
    case .literal(let unit, let section, _): return view.image.object(of: unit)[section].isLarge
    case .datum(let datum, _):
      let described = view.delta.data[datum]
      return described.section.map { view.image.object(of: described.unit)[$0].isLarge } ?? false
    case .procedure, .part, .foreign, .absolute: return false
    }
  }
}

extension RelocationType {
  /// Whether code with such a relocation can be linked into a running program.
  fileprivate var isSupported: Bool {
    switch self {
    case .got32, .gotOffset64, .gotPC32, .size32, .size64: false
    default: fieldByteCount != nil
    }
  }
}
