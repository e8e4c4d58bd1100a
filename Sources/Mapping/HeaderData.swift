import Comparing
import Relinking
import TypeModel
import VersionSpace

/// The part of a header that declares static data.
struct HeaderData: Sendable {
  /// One datum of one version.
  struct Entry: Hashable, Sendable {
    /// How an update knows it, without `old_` or `new_`.
    var spelling: String
    var type: TypeNode
    var byteCount: Int
    /// Of both versions' entries of one datum.
    var pair: Int
  }

  private(set) var entries: [Entry] = []
  /// The mprocedure of each pair that both versions have.
  private var maps: [Int: String] = [:]
  /// Names that mean several data.
  private var unclear: [String] = []

  init(old: Delta, new: Delta, changes: Changes) {
    let names = [TypeNode.Side.old: MapNames(old), .new: MapNames(new)]
    for (pair, change) in changes.data.enumerated() {
      let sides = [
        (TypeNode.Side.old, change.old, old), (.new, change.new, new),
      ]
      for (side, index, delta) in sides {
        guard let index, Self.isDeclared(delta.data[index], delta.types, change) else { continue }
        let datum = delta.data[index]
        guard let spelling = names[side]?.references(ofDatum: index).first else {
          unclear.append("\(side.rawValue)_\(datum.mapName)")
          continue
        }
        entries.append(
          Entry(
            spelling: spelling, type: TypeNode(side: side, id: datum.type),
            byteCount: Int(clamping: datum.byteCount), pair: pair))
        if side == .new, change.old != nil, let name = names[side]?.names(ofDatum: index).first {
          maps[pair] = "mproc_data_\(name)"
        }
      }
    }
  }

  /// Not what each thread has of its own, what the linker dropped (the debug information then has
  /// address 0), what gcc made, and constants that stay as they are.
  private static func isDeclared(
    _ datum: Delta.Datum, _ types: TypeGraph, _ change: DatumChange
  ) -> Bool {
    guard !datum.isThreadLocal, datum.address.rawValue != 0,
      types.byteCount(of: datum.type) > 0 || datum.byteCount > 0,
      datum.name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
    else { return false }
    if change.action == .share, types.isConstant(datum.type) { return false }
    return !["__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"].contains(datum.name)
  }

  // MARK: - Text

  func lines(_ declarator: Declarator) -> [String] {
    var lines = unclear.map { "/* \($0) means several data; the header has none of them. */" }
    var written: Set<String> = []
    for (index, entry) in entries.enumerated() {
      lines.append(declaration(entry, declarator))
      let isLast = index + 1 == entries.count || entries[index + 1].pair != entry.pair
      if isLast, let map = maps[entry.pair], written.insert(map).inserted {
        lines.append("void \(map)(void);")
      }
    }
    return lines
  }

  /// Old data are `const`: a map only reads them.
  private func declaration(_ entry: Entry, _ declarator: Declarator) -> String {
    let name = "\(entry.type.side.rawValue)_\(entry.spelling)"
    let style = Declarator.Style(qualifiers: entry.type.side == .old ? [.const] : [])
    let catalogue = declarator.catalogue
    let resolved = catalogue.resolved(entry.type)
    if case .array(let element, nil) = catalogue[resolved] {
      let size = catalogue.graph(entry.type.side).byteCount(of: element)
      let count = size > 0 ? entry.byteCount / size : 0
      let type = TypeNode(side: entry.type.side, id: element)
      return "extern \(declarator.declare(type, "\(name)[\(count)]", style));"
    }
    return "extern \(declarator.declare(entry.type, name, style));"
  }
}

extension TypeGraph {
  /// Whether an object of the type, or each element of it, is `const`.
  fileprivate func isConstant(_ id: TypeID) -> Bool {
    var id = id
    for _ in 0..<64 {
      switch self[id] {
      case .qualified(.const, _): return true
      case .qualified(_, let inner), .typedef(_, let inner), .array(let inner, _): id = inner
      default: return false
      }
    }
    return false
  }
}
