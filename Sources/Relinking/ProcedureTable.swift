import ObjectModel

/// The procedures of a compiled object: functions with a body of their own, without clones.
struct ProcedureTable {
  struct Procedure {
    var name: String
    var section: SectionID
    var offset: UInt64
    var byteCount: UInt64
    /// All symbols with this start, local ones first; they share the trampoline.
    var symbols: [SymbolID]
  }

  /// A piece of code that a symbol delimits: a procedure's body, a clone or a `.cold` part.
  struct Piece {
    var name: String
    var offset: UInt64
    var byteCount: UInt64
    /// The procedure that it is a part of; `nil` when only clones of that are left.
    var procedure: Int?
  }

  private(set) var all: [Procedure] = []
  private(set) var remarks: [String] = []
  private var starts: [SectionID: [UInt64: Int]] = [:]
  private var bySymbol: [SymbolID: Int] = [:]
  private var byName: [String: Int] = [:]
  private var pieces: [SectionID: [Piece]] = [:]

  init(_ object: ObjectFile) {
    for id in object.symbolIDs {
      let symbol = object[id]
      guard case .section(let section) = symbol.place, object[section].isExecutable else {
        continue
      }
      if symbol.type == .indirectFunction {
        remarks.append("\(symbol.name) is an indirect function (ifunc): left alone")
      }
      guard symbol.type == .function, !symbol.name.isEmpty, !Self.isClone(symbol.name) else {
        continue
      }
      add(symbol, in: object[section], section)
    }
    for id in object.symbolIDs { addName(id, object) }
    for index in all.indices {
      nameProcedure(index, object)
      byName[all[index].name] = index
    }
    for id in object.symbolIDs { addClone(object[id], object) }
  }

  /// gcc names clones and split parts after their procedure with a dot, which no C name has.
  static func isClone(_ name: String) -> Bool { name.contains(".") }

  private static func base(_ name: Substring) -> String {
    name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
  }

  private mutating func add(_ symbol: Symbol, in section: Section, _ id: SectionID) {
    guard symbol.byteCount > 0 else {
      remarks.append("\(symbol.name) has no size: left alone")
      return
    }
    guard starts[id]?[symbol.value] == nil else { return }
    guard Self.lies(symbol, in: section) else {
      remarks.append("\(symbol.name) reaches past its section: left alone")
      return
    }
    starts[id, default: [:]][symbol.value] = all.count
    all.append(
      Procedure(
        name: symbol.name, section: id, offset: symbol.value, byteCount: symbol.byteCount,
        symbols: []))
  }

  private static func lies(_ symbol: Symbol, in section: Section) -> Bool {
    let (end, overflow) = symbol.value.addingReportingOverflow(symbol.byteCount)
    return !overflow && end <= UInt64(section.contents.count)
  }

  /// Any function symbol at a procedure's start is a name of it (`P.localalias` too), and so is a
  /// global label, which assembly code may leave without a type.
  private mutating func addName(_ id: SymbolID, _ object: ObjectFile) {
    let symbol = object[id]
    guard case .section(let section) = symbol.place, let known = starts[section]?[symbol.value],
      symbol.type == .function || symbol.type == .none && symbol.binding != .local,
      !symbol.name.hasSuffix(PreparedName.bodySuffix)
    else { return }
    all[known].symbols.append(id)
    bySymbol[id] = known
  }

  /// A global name is preferred, then a weak one, then that of a static; local symbols go first.
  private mutating func nameProcedure(_ index: Int, _ object: ObjectFile) {
    let symbols = all[index].symbols
    let functions = symbols.filter {
      object[$0].type == .function && !Self.isClone(object[$0].name)
    }
    let chosen =
      functions.first { object[$0].binding == .global }
      ?? functions.first { object[$0].binding == .weak } ?? functions.first
    if let chosen { all[index].name = object[chosen].name }
    let locals = symbols.filter { object[$0].binding == .local }
    all[index].symbols = locals + symbols.filter { object[$0].binding != .local }
    pieces[all[index].section, default: []].append(
      Piece(
        name: all[index].name, offset: all[index].offset, byteCount: all[index].byteCount,
        procedure: index))
  }

  private mutating func addClone(_ symbol: Symbol, _ object: ObjectFile) {
    guard case .section(let section) = symbol.place, object[section].isExecutable,
      symbol.type == .function, Self.isClone(symbol.name), symbol.byteCount > 0,
      starts[section]?[symbol.value] == nil, Self.lies(symbol, in: object[section])
    else { return }
    pieces[section, default: []].append(
      Piece(
        name: symbol.name, offset: symbol.value, byteCount: symbol.byteCount,
        procedure: byName[Self.base(symbol.name[...])]))
  }

  /// The procedure that starts exactly there.
  func starting(in section: SectionID, at offset: UInt64) -> Int? { starts[section]?[offset] }

  func procedure(of symbol: SymbolID) -> Int? { bySymbol[symbol] }

  /// The pieces of code in a section.
  func pieces(in section: SectionID) -> [Piece] { pieces[section] ?? [] }

  /// The procedure whose jump tables lie in a section of this name: gcc puts those of P into
  /// `.rodata.P` when it gives procedures sections of their own.
  func owner(ofTablesIn name: String) -> Int? {
    let prefix = ".rodata."
    return name.hasPrefix(prefix) ? byName[String(name.dropFirst(prefix.count))] : nil
  }
}
