import ObjectModel

/// The procedures of a compiled object: functions with a body of their own, without clones.
struct ProcedureTable {
  struct Procedure {
    var name: String
    var section: SectionID
    var offset: UInt64
    var byteCount: UInt64
    /// All symbols with this start; aliases share the trampoline.
    var symbols: [SymbolID]
  }

  private(set) var all: [Procedure] = []
  private(set) var remarks: [String] = []
  private var starts: [SectionID: [UInt64: Int]] = [:]
  private var bySymbol: [SymbolID: Int] = [:]

  init(_ object: ObjectFile) {
    for id in object.symbolIDs {
      let symbol = object[id]
      guard case .section(let section) = symbol.place, object[section].isExecutable else {
        continue
      }
      if symbol.type == .indirectFunction {
        remarks.append("\(symbol.name) is an indirect function (ifunc): left alone")
      }
      guard symbol.type == .function, !symbol.name.isEmpty else { continue }
      if Self.isClone(symbol.name) { continue }
      guard symbol.byteCount > 0 else {
        remarks.append("\(symbol.name) has no size: left alone")
        continue
      }
      add(symbol, id, in: section, of: object)
    }
  }

  /// gcc names clones and split parts after their procedure with a dot, which no C name has.
  static func isClone(_ name: String) -> Bool { name.contains(".") }

  private mutating func add(
    _ symbol: Symbol, _ id: SymbolID, in section: SectionID, of object: ObjectFile
  ) {
    if let known = starts[section]?[symbol.value] {
      all[known].symbols.append(id)
      bySymbol[id] = known
      if symbol.binding == .global, object[all[known].symbols[0]].binding != .global {
        all[known].name = symbol.name
      }
      return
    }
    starts[section, default: [:]][symbol.value] = all.count
    bySymbol[id] = all.count
    all.append(
      Procedure(
        name: symbol.name, section: section, offset: symbol.value, byteCount: symbol.byteCount,
        symbols: [id]))
  }

  /// The procedure that starts exactly there.
  func starting(in section: SectionID, at offset: UInt64) -> Int? { starts[section]?[offset] }

  func procedure(of symbol: SymbolID) -> Int? { bySymbol[symbol] }

  /// The procedures whose bodies lie in a section.
  func procedures(in section: SectionID) -> [Int] {
    (starts[section] ?? [:]).values.sorted { all[$0].offset < all[$1].offset }
  }

  /// The procedure that the code or jump table in a section of this name belongs to, when gcc's
  /// section names tell: `.text.unlikely.P`, `.text.P.part.0`, `.rodata.P`.
  func owner(ofSectionNamed name: String) -> Int? {
    for prefix in [".text.unlikely.", ".text.", ".rodata."] where name.hasPrefix(prefix) {
      let rest = name.dropFirst(prefix.count)
      let base = rest.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
      if let found = all.firstIndex(where: { $0.name == base }) { return found }
    }
    return nil
  }
}
