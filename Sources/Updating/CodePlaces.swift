package import Relinking
package import VersionSpace

/// Where in a program's source an address of its code is.
package struct CodePlace: Hashable, Sendable {
  /// Index into the model's implementations.
  package var implementation: Int
  package var procedure: ProcedureID
  /// The procedure's name, or the symbol of its `.cold` part or clone that the address is in.
  package var symbol: String
  /// From the start of what `symbol` names, in bytes.
  package var offset: UInt64
  /// The source file as its compiler was given it, and the line; `nil` if nothing at hand says so.
  package var file: String?
  package var line: Int?
  /// The innermost procedure that is inlined at the address.
  package var inlined: String?
}

/// Finds places in the code of every version that is in the target.
///
/// Lines are known for the versions whose delta is at hand, and where nothing is inlined: the line
/// table of a delta does not say which file an inlined procedure's lines are of.
package struct CodePlaces: Sendable {
  /// A version whose delta is at hand.
  package struct Version: Sendable {
    package var delta: Delta
    package var binding: Binding
    package init(delta: Delta, binding: Binding) {
      self.delta = delta
      self.binding = binding
    }
  }

  private let model: ProgramModel
  private let map: CodeMap
  /// By implementation: the delta and the procedure in it that describe it.
  private var described: [Int: (version: Int, procedure: Int)] = [:]
  private let versions: [Version]

  /// - Parameters:
  ///   - model: holds every implementation that is in the target.
  ///   - versions: the newest last.
  package init(model: ProgramModel, versions: [Version]) {
    self.model = model
    self.versions = versions
    map = CodeMap(model.implementations)
    for (number, version) in versions.enumerated() {
      for (index, bound) in version.binding.procedures.enumerated()
      where index < version.delta.procedures.count {
        described[bound.implementation] = (number, index)
      }
    }
  }

  /// The place of `address`, or `nil` if it is in no procedure of the program.
  package func place(of address: TraceeAddress) -> CodePlace? {
    guard let index = map.implementation(at: address) else { return nil }
    let implementation = model.implementations[index]
    guard let part = implementation.parts.firstIndex(where: { $0.contains(address.rawValue) })
    else { return nil }
    let offset = address.rawValue - implementation.parts[part].lowerBound
    var place = CodePlace(
      implementation: index, procedure: implementation.procedure,
      symbol: model[implementation.procedure].name, offset: offset)
    describe(&place, part: part)
    return place
  }

  private func describe(_ place: inout CodePlace, part index: Int) {
    guard let (number, procedure) = described[place.implementation] else { return }
    let delta = versions[number].delta
    let known = delta.procedures[procedure]
    guard known.parts.indices.contains(index) else { return }
    let part = known.parts[index]
    if index > 0 { place.symbol = part.symbol }
    let address = part.address.rawValue &+ place.offset
    let around = known.inlined.compactMap { inlining in
      inlining.ranges.filter { $0.contains(address) }.map(\.count).min()
        .map { (byteCount: $0, name: inlining.name) }
    }
    place.inlined = around.min { $0.byteCount < $1.byteCount }?.name
    guard place.inlined == nil,
      let row = part.lines.last(where: { UInt64($0.offset) <= place.offset }), row.line > 0
    else { return }
    place.file = delta.units[known.unit].path
    place.line = row.line
  }
}
