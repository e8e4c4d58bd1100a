import CLibdwarf
import TypeModel

/// Reads one compilation unit.
struct UnitReader {
  private let entry: DebugEntry
  private var types: TypeReader
  private var procedures: [DebugInformation.Procedure] = []
  private var data: [DebugInformation.Datum] = []
  private var furtherTypes: Set<TypeID> = []
  private var seenStorage: Set<DebugInformation.Datum.Storage> = []
  private var castTypes: [UInt64] = []

  /// Blocks and inlined calls nest no deeper in any program; a damaged file could go on for ever.
  private static let deepest = 200

  init(_ entry: DebugEntry) {
    self.entry = entry
    types = TypeReader(session: entry.session, form: entry.form, files: entry.sourceFiles())
  }

  mutating func unit(_ graph: inout TypeGraph) -> DebugInformation.Unit {
    let language = Int(clamping: entry.unsigned(DW_AT_language) ?? 0)
    var unit = DebugInformation.Unit(
      path: entry.name ?? "", directory: entry.string(DW_AT_comp_dir) ?? "",
      producer: entry.string(DW_AT_producer) ?? "", language: language, procedures: [], data: [],
      lines: [])
    // DW_LANG_C89, C, C99, C11, C17.
    guard [0x01, 0x02, 0x0C, 0x1D, 0x2C].contains(language) else { return unit }
    read(entry.children, &graph)
    unit.procedures = withoutNeedlessAbstracts()
    unit.data = data
    unit.furtherTypes = furtherTypes.union(castOnlyTypes(&graph)).sorted()
    unit.lines = entry.lineRows().map { .init(address: $0.address, line: $0.line) }
      .sorted { ($0.address, $0.line) < ($1.address, $1.line) }
    return unit
  }

  private mutating func read(_ children: [DebugEntry], _ graph: inout TypeGraph) {
    // A static of an inlined procedure is described where the procedure itself is, in the blocks of
    // the source; what an inlined call says of its blocks is only what was left of them.
    let procedures = children.filter { $0.tag == DW_TAG_subprogram }
    let (abstract, concrete) = (
      procedures.filter { $0.unsigned(DW_AT_inline) != nil },
      procedures.filter { $0.unsigned(DW_AT_inline) == nil }
    )
    for child in abstract + concrete { readProcedure(child, depth: 0, &graph) }
    for child in children {
      switch child.tag {
      case DW_TAG_variable:
        readVariable(child, procedure: nil, scope: [], &graph)
        if child.flag(DW_AT_declaration) { furtherTypes.insert(types.type(of: child, in: &graph)) }
      case DW_TAG_subroutine_type: castTypes.append(child.offset)
      default: break
      }
    }
    types.finish(&graph)
  }

  // MARK: - Procedures

  /// The entry itself and those that it refers to for what it does not say.
  private func origins(_ entry: DebugEntry) -> [DebugEntry] {
    var chain = [entry]
    while chain.count < 4, let last = chain.last,
      let offset = last.reference(DW_AT_abstract_origin) ?? last.reference(DW_AT_specification),
      let next = entry.session.entry(at: offset, entry.form)
    { chain.append(next) }
    return chain
  }

  private func first<Value>(_ chain: [DebugEntry], _ read: (DebugEntry) -> Value?) -> Value? {
    for entry in chain {
      if let value = read(entry) { return value }
    }
    return nil
  }

  private mutating func readProcedure(
    _ entry: DebugEntry, depth: Int, _ graph: inout TypeGraph
  ) {
    let chain = origins(entry)
    guard let name = first(chain, \.name) else { return }
    guard !entry.flag(DW_AT_declaration) else {
      furtherTypes.insert(types.type(of: entry, in: &graph))
      return
    }
    var mentioned: Set<TypeID> = []
    var inlined: [DebugInformation.Inlined] = []
    readBody(
      entry.children, procedure: name, scope: [], depth: depth, &inlined, &mentioned, &graph)
    let ranges = entry.ranges
    let isAbstract = entry.unsigned(DW_AT_inline) != nil
    guard !ranges.isEmpty || isAbstract else { return }
    let prototype = prototype(chain, &graph)
    furtherTypes.insert(prototype.result)
    procedures.append(
      DebugInformation.Procedure(
        name: name, linkageName: first(chain) { $0.string(DW_AT_linkage_name) },
        isExternal: chain.contains { $0.flag(DW_AT_external) }, prototype: prototype,
        declaredAt: first(chain) { types.sourceLine($0) } ?? SourceLine(file: "", line: 0),
        ranges: ranges, inlined: inlined, mentionedTypes: mentioned.sorted()))
  }

  /// A clone may have fewer parameters than its procedure; a definition names the parameters that
  /// its declaration may not name.
  private mutating func prototype(
    _ chain: [DebugEntry], _ graph: inout TypeGraph
  ) -> Prototype {
    var described = 0
    while described + 1 < chain.count, chain[described].reference(DW_AT_abstract_origin) != nil {
      described += 1
    }
    var prototype = types.prototype(chain[described], &graph)
    if let typed = chain.first(where: { $0.reference(DW_AT_type) != nil }) {
      prototype.result = types.type(of: typed, in: &graph)
    }
    return prototype
  }

  /// The abstract instance of a procedure that also has a body of its own says nothing more.
  private func withoutNeedlessAbstracts() -> [DebugInformation.Procedure] {
    let placed = Set(procedures.filter { !$0.ranges.isEmpty }.map(\.name))
    return procedures.filter { !$0.ranges.isEmpty || !placed.contains($0.name) }
  }

  /// Walks blocks and inlined calls for variables, types and what was inlined.
  private mutating func readBody(
    _ children: [DebugEntry], procedure: String, scope: [Int], depth: Int,
    _ inlined: inout [DebugInformation.Inlined], _ mentioned: inout Set<TypeID>,
    _ graph: inout TypeGraph
  ) {
    guard depth < Self.deepest else { return }
    var blocks = 0
    for child in children {
      switch child.tag {
      case DW_TAG_variable:
        readVariable(child, procedure: procedure, scope: scope, &graph)
        mentioned.insert(typeOf(child, &graph))
      case DW_TAG_formal_parameter: mentioned.insert(typeOf(child, &graph))
      case DW_TAG_lexical_block:
        readBody(
          child.children, procedure: procedure, scope: scope + [blocks], depth: depth + 1,
          &inlined, &mentioned, &graph)
        blocks += 1
      case DW_TAG_inlined_subroutine:
        let sources = origins(child)
        let callee = first(sources, \.name) ?? ""
        // A header's wrapper (`_FORTIFY_SOURCE`) is no procedure of the program: its code is part of
        // whoever calls it.
        if !sources.contains(where: { $0.flag(DW_AT_artificial) }) {
          inlined.append(.init(name: callee, ranges: child.ranges))
        }
        readBody(
          child.children, procedure: callee, scope: [], depth: depth + 1, &inlined, &mentioned,
          &graph)
      case DW_TAG_subprogram: readProcedure(child, depth: depth + 1, &graph)
      default: break
      }
    }
  }

  // MARK: - Types and data

  private mutating func typeOf(_ entry: DebugEntry, _ graph: inout TypeGraph) -> TypeID {
    if entry.reference(DW_AT_type) != nil { return types.type(of: entry, in: &graph) }
    let typed = origins(entry).first { $0.reference(DW_AT_type) != nil }
    return types.type(of: typed ?? entry, in: &graph)
  }

  /// The function types to which neither a procedure nor a datum nor a declaration leads.
  private mutating func castOnlyTypes(_ graph: inout TypeGraph) -> Set<TypeID> {
    var work = procedures.flatMap { $0.mentionedTypes + $0.prototype.parameters.map(\.type) }
    work += data.map(\.type) + furtherTypes
    var reached = Set(work)
    while let next = work.popLast() {
      _ = graph[next].mapped { part in
        if reached.insert(part).inserted { work.append(part) }
        return part
      }
    }
    let casts = castTypes.map { types.type(at: $0, &graph) }
    types.finish(&graph)
    return Set(casts).subtracting(reached)
  }

  private mutating func readVariable(
    _ entry: DebugEntry, procedure: String?, scope: [Int], _ graph: inout TypeGraph
  ) {
    guard let code = entry.expression(DW_AT_location), let storage = Self.storage(code) else {
      return
    }
    let chain = origins(entry)
    guard let name = first(chain, \.name), seenStorage.insert(storage).inserted else { return }
    data.append(
      DebugInformation.Datum(
        name: name, linkageName: first(chain) { $0.string(DW_AT_linkage_name) },
        isExternal: chain.contains { $0.flag(DW_AT_external) }, procedure: procedure, scope: scope,
        type: typeOf(entry, &graph),
        declaredAt: first(chain) { types.sourceLine($0) } ?? SourceLine(file: "", line: 0),
        storage: storage))
  }

  /// `DW_OP_addr A`; or `DW_OP_const8u N`, or `DW_OP_addr N`, with a TLS operator behind it.
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
