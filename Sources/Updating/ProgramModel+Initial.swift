import Comparing
package import Relinking
import TypeModel
package import VersionSpace

extension ProgramModel {
  /// The model of a program that has never been updated.
  ///
  /// `descriptor`: validated against the program's segments.
  package init(image: ProgramImage, bias: LoadBias, descriptor: TargetDescriptor) {
    let delta = image.delta
    var procedures: [ProcedureRecord] = []
    var implementations: [Implementation] = []
    var bound: [Binding.Procedure] = []
    let names = DisplayNames(delta)
    for (index, procedure) in delta.procedures.enumerated() {
      let id = ProcedureID(rawValue: index)
      let parts = procedure.parts.map { part in
        let start = part.address.loaded(at: bias).rawValue
        return start..<(start &+ part.byteCount)
      }
      implementations.append(
        Implementation(
          procedure: id, version: VersionNumber(rawValue: 1), parts: parts, key: nil))
      // A procedure that exists only as a clone has neither.
      let isCalled = procedure.slot.rawValue != 0
      let none = TraceeAddress(rawValue: 0)
      let trampoline = isCalled ? procedure.trampoline.loaded(at: bias) : none
      let slot = isCalled ? procedure.slot.loaded(at: bias) : none
      let convention = CallingConvention(of: procedure.prototype, in: delta.types)
      procedures.append(
        ProcedureRecord(
          id: id, name: names.name(ofProcedure: index),
          isEntry: Self.isEntry(procedure, delta.types),
          epochs: [.init(convention: convention, trampoline: trampoline, slot: slot)], epoch: 0,
          implementation: index))
      bound.append(
        Binding.Procedure(id: id, trampoline: trampoline, slot: slot, implementation: index))
    }
    let data = delta.data.map { datum in
      datum.isThreadLocal ? datum.address.rawValue : datum.address.loaded(at: bias).rawValue
    }
    self.init(
      bias: bias, descriptor: descriptor, text: Arena(range: descriptor.textArena),
      data: Arena(range: descriptor.dataArena), procedures: procedures,
      implementations: implementations,
      binding: Binding(
        version: VersionNumber(rawValue: 1), buildID: delta.buildID, procedures: bound, data: data),
      literals: [:], imports: [:], stubs: [:], storages: [:])
    threadData = Arena(range: delta.threadReserve ?? 0..<0)
    let files = UnitNames(delta)
    for index in delta.data.indices {
      storages[StorageKey(delta, datum: index, files: files)] = TraceeAddress(rawValue: data[index])
    }
  }

  /// Whether a thread may begin in `procedure`, so that its outermost activation is resident:
  /// `main`, or one whose address is taken and that looks like a start routine.
  static func isEntry(_ procedure: Delta.Procedure, _ types: TypeGraph) -> Bool {
    if procedure.name == "main" { return true }
    guard procedure.isAddressTaken, procedure.prototype.parameters.count == 1 else { return false }
    let parameter = types.underlying(procedure.prototype.parameters[0].type)
    guard case .pointer = types[parameter] else { return false }
    switch types[types.underlying(procedure.prototype.result)] {
    case .pointer: return true
    case .base(_, .signed, 4): return true
    default: return false
    }
  }
}

/// Names of procedures as short as is unique: `name`, else `file.c:name`.
package struct DisplayNames: Sendable {
  private let delta: Delta
  private var counts: [String: Int] = [:]

  package init(_ delta: Delta) {
    self.delta = delta
    for procedure in delta.procedures { counts[procedure.name, default: 0] += 1 }
  }

  package func name(ofProcedure index: Int) -> String {
    let procedure = delta.procedures[index]
    guard counts[procedure.name, default: 0] > 1 else { return procedure.name }
    return Self.baseName(delta.units[procedure.unit].path) + ":" + procedure.name
  }

  package static func baseName(_ path: String) -> String {
    String(path.split(separator: "/").last ?? Substring(path))
  }
}

extension StorageKey {
  /// The identity of a datum and a description of its type's layout.
  init(_ delta: Delta, datum index: Int, files: UnitNames) {
    let datum = delta.data[index]
    let scope = datum.scope.map(String.init).joined(separator: ".")
    let thread = datum.isThreadLocal ? "thread " : ""
    let unit = datum.isStatic ? files.names[datum.unit] : ""
    self.init(
      identity: "\(thread)\(unit):\(datum.procedure ?? ""):\(scope):\(datum.name)",
      // The size too: that of a flexible array is not in its type.
      layout: "\(delta.types.layoutText(of: datum.type)), \(datum.byteCount) bytes")
  }
}
