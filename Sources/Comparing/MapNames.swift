package import Relinking

/// How maps files name the data of one version (`docs/maps.md`): `D`, or `P__d` for a static d of
/// P, and the same with the file in front: `main_c__D`.
package struct MapNames: Sendable {
  private let spellings: [[String]]
  private let procedures: Set<String>
  private let uses: [String: Int]

  package init(_ delta: Delta) {
    spellings = delta.data.map { datum in
      // Thread-local data have no address that a map could use.
      guard !datum.isThreadLocal else { return [] }
      let file = delta.units[datum.unit].path.split(separator: "/").last ?? ""
      let prefix = String(file.map { $0.isLetter || $0.isNumber ? $0 : "_" })
      return [datum.mapName, "\(prefix)__\(datum.mapName)"]
    }
    procedures = Set(delta.procedures.map(\.name))
    uses = Dictionary(spellings.joined().map { ($0, 1) }, uniquingKeysWith: +)
  }

  /// The names that mean this datum and no other, as they follow `mproc_data_`; the shortest first.
  package func names(ofDatum index: Int) -> [String] {
    spellings[index].filter { uses[$0] == 1 }
  }

  /// The names as they follow `old_` and `new_`, where a procedure's name comes first.
  package func references(ofDatum index: Int) -> [String] {
    names(ofDatum: index).filter { !procedures.contains($0) }
  }
}
