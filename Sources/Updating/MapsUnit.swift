package import ObjectModel
import Relinking
import TypeModel
import VersionSpace

/// Hand-written maps, compiled: interprocedures and mprocedures that one update brings along.
package struct MapsUnit: Sendable {
  package var path: String
  package var object: ObjectFile

  package init(path: String, object: ObjectFile) {
    self.path = path
    self.object = object
  }

  /// Global functions that it defines, with where they are.
  package var functions: [(name: String, section: SectionID, symbol: Symbol)] {
    object.symbols.compactMap { symbol in
      guard symbol.type == .function, symbol.binding != .local,
        case .section(let section) = symbol.place
      else { return nil }
      return (symbol.name, section, symbol)
    }
  }

  /// Names that it refers to and does not define.
  package var uses: Set<String> {
    Set(object.symbols.filter { $0.place == .undefined && !$0.name.isEmpty }.map(\.name))
  }
}

extension ProgramImage {
  /// The image with maps as further units, whose functions come after the program's procedures.
  func adding(_ maps: [MapsUnit]) -> ProgramImage {
    var image = self
    for unit in maps {
      let number = image.delta.units.count
      image.delta.units.append(
        Delta.Unit(
          path: unit.path, directory: "", object: image.objects.count, compileDate: "",
          compileTime: "", sections: []))
      image.objects.append(unit.object)
      for function in unit.functions {
        let part = Delta.Part(
          kind: .body, symbol: function.name, section: function.section,
          offset: function.symbol.value, byteCount: function.symbol.byteCount,
          address: LinkAddress(rawValue: 0), lines: [])
        image.delta.procedures.append(
          Delta.Procedure(
            name: function.name, unit: number, isStatic: true, aliases: [],
            declaredAt: SourceLine(file: unit.path, line: 0),
            prototype: Prototype(result: TypeID(rawValue: 0), parameters: []),
            trampoline: LinkAddress(rawValue: 0), slot: LinkAddress(rawValue: 0), parts: [part],
            calls: [], inlined: [], isAddressTaken: false, mentionedTypes: []))
      }
    }
    return image
  }
}
