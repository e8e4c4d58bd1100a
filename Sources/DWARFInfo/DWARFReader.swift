import CLibdwarf
package import TypeModel

/// Reads the debug information of a linked program.
package enum DWARFReader {
  /// - Throws: `.missing` when the file has none; `.malformed`. Never traps on any file.
  package static func read(path: String) throws(DWARFFailure) -> DebugInformation {
    let session = try DWARFSession(path: path)
    var graph = TypeGraph()
    var units: [DebugInformation.Unit] = []
    while let entry = try session.nextUnit() {
      guard entry.tag == DW_TAG_compile_unit else { continue }
      var reader = UnitReader(entry)
      units.append(reader.unit(&graph))
    }
    guard !units.isEmpty else { throw .missing(file: path) }
    return DebugInformation(units: units, types: graph)
  }
}

/// Reads one compilation unit.
private struct UnitReader {
  let entry: DebugEntry
  var types: TypeReader
  var procedures: [DebugInformation.Procedure] = []
  var data: [DebugInformation.Datum] = []
  private var seenStorage: Set<DebugInformation.Datum.Storage> = []

  init(_ entry: DebugEntry) {
    self.entry = entry
    types = TypeReader(
      session: entry.session, version: entry.version, files: entry.sourceFiles())
  }

  mutating func unit(_ graph: inout TypeGraph) -> DebugInformation.Unit {
    let language = Int(clamping: entry.unsigned(DW_AT_language) ?? 0)
    var unit = DebugInformation.Unit(
      path: entry.name ?? "", directory: entry.string(DW_AT_comp_dir) ?? "",
      producer: entry.string(DW_AT_producer) ?? "", language: language, procedures: [], data: [],
      lines: [])
    // DW_LANG_C89, C, C99, C11, C17.
    guard [0x01, 0x02, 0x0C, 0x1D, 0x2C].contains(language) else { return unit }
    for child in entry.children { readTop(child, &graph) }
    unit.procedures = procedures
    unit.data = data
    unit.lines = entry.lineRows().map { .init(address: $0.address, line: $0.line) }
      .sorted { ($0.address, $0.line) < ($1.address, $1.line) }
    return unit
  }

  private mutating func readTop(_ child: DebugEntry, _ graph: inout TypeGraph) {
    switch child.tag {
    case DW_TAG_variable: readVariable(child, procedure: nil, scope: [], &graph)
    case DW_TAG_subprogram: readProcedure(child, &graph)
    default: break
    }
  }

  /// The entry that a concrete or completed one refers to for what it does not say itself.
  private func origin(_ entry: DebugEntry) -> DebugEntry? {
    let offset = entry.reference(DW_AT_abstract_origin) ?? entry.reference(DW_AT_specification)
    return offset.flatMap { entry.session.entry(at: $0, version: entry.version) }
  }

  private func name(_ entry: DebugEntry) -> String? {
    entry.name ?? origin(entry).flatMap { name($0) }
  }

  private mutating func readProcedure(_ entry: DebugEntry, _ graph: inout TypeGraph) {
    guard !entry.flag(DW_AT_declaration), let name = name(entry) else { return }
    let source = origin(entry) ?? entry
    var mentioned: Set<TypeID> = []
    var inlined: [DebugInformation.Inlined] = []
    readBody(entry, procedure: name, scope: [], &inlined, &mentioned, &graph)
    let ranges = entry.ranges.filter { $0.lowerBound != 0 }
    let isAbstract = entry.unsigned(DW_AT_inline) != nil
    guard !ranges.isEmpty || isAbstract else { return }
    let described = source.children.contains { $0.tag == DW_TAG_formal_parameter } ? source : entry
    procedures.append(
      DebugInformation.Procedure(
        name: name,
        linkageName: entry.string(DW_AT_linkage_name) ?? source.string(DW_AT_linkage_name),
        isExternal: entry.flag(DW_AT_external) || source.flag(DW_AT_external),
        prototype: types.prototype(
          described.reference(DW_AT_type) == nil ? source : described, &graph),
        declaredAt: types.sourceLine(entry) ?? types.sourceLine(source)
          ?? SourceLine(file: "", line: 0),
        ranges: ranges, inlined: inlined, mentionedTypes: mentioned.sorted()))
  }

  /// Walks blocks and inlined calls for variables, types and what was inlined.
  private mutating func readBody(
    _ entry: DebugEntry, procedure: String, scope: [Int],
    _ inlined: inout [DebugInformation.Inlined], _ mentioned: inout Set<TypeID>,
    _ graph: inout TypeGraph
  ) {
    var blocks = 0
    for child in entry.children {
      switch child.tag {
      case DW_TAG_variable:
        readVariable(child, procedure: procedure, scope: scope, &graph)
        mentioned.insert(typeOf(child, &graph))
      case DW_TAG_formal_parameter: mentioned.insert(typeOf(child, &graph))
      case DW_TAG_lexical_block:
        readBody(
          child, procedure: procedure, scope: scope + [blocks], &inlined, &mentioned, &graph)
        blocks += 1
      case DW_TAG_inlined_subroutine:
        let callee = name(child) ?? ""
        // A header's wrapper (`_FORTIFY_SOURCE`) is no procedure of the program: its code is part of
        // whoever calls it.
        if origin(child)?.flag(DW_AT_artificial) != true {
          inlined.append(.init(name: callee, ranges: child.ranges))
        }
        readBody(child, procedure: callee, scope: [], &inlined, &mentioned, &graph)
      case DW_TAG_subprogram: readProcedure(child, &graph)
      default: break
      }
    }
  }

  private mutating func typeOf(_ entry: DebugEntry, _ graph: inout TypeGraph) -> TypeID {
    if entry.reference(DW_AT_type) == nil, let source = origin(entry) {
      return typeOf(source, &graph)
    }
    return types.type(of: entry, in: &graph)
  }

  private mutating func readVariable(
    _ entry: DebugEntry, procedure: String?, scope: [Int], _ graph: inout TypeGraph
  ) {
    guard let code = entry.expression(DW_AT_location), let storage = Self.storage(code),
      let name = name(entry), seenStorage.insert(storage).inserted
    else { return }
    let source = origin(entry) ?? entry
    data.append(
      DebugInformation.Datum(
        name: name, linkageName: entry.string(DW_AT_linkage_name),
        isExternal: entry.flag(DW_AT_external) || source.flag(DW_AT_external),
        procedure: procedure, scope: scope, type: typeOf(entry, &graph),
        declaredAt: types.sourceLine(entry) ?? types.sourceLine(source)
          ?? SourceLine(file: "", line: 0), storage: storage))
  }

  /// `DW_OP_addr A`, or `DW_OP_const8u N` with a TLS operator behind it.
  private static func storage(_ code: [UInt8]) -> DebugInformation.Datum.Storage? {
    guard code.count == 9 || code.count == 10 else { return nil }
    let value = (0..<8).reduce(UInt64(0)) { $0 | UInt64(code[1 + $1]) << (8 * UInt64($1)) }
    if code[0] == 0x03, code.count == 9 { return value == 0 ? nil : .address(value) }
    if code[0] == 0x0E || code[0] == 0x03, code.count == 10, code[9] == 0xE0 || code[9] == 0x9B {
      return .threadLocal(offset: value)
    }
    return nil
  }
}
