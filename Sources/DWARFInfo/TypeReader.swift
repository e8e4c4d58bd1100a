import CLibdwarf
import TypeModel

/// Reads types of one unit into a graph that all units share.
struct TypeReader {
  let session: DWARFSession
  let form: UnitForm
  let files: [String]
  /// By offset in `.debug_info`.
  private var known: [UInt64: TypeID] = [:]
  private var void: TypeID?
  /// Types that have an id and are not read yet: a list, since types may nest without end.
  private var waiting: [(offset: UInt64, id: TypeID)] = []

  init(session: DWARFSession, form: UnitForm, files: [String]) {
    self.session = session
    self.form = form
    self.files = files
  }

  /// The type that an entry's `DW_AT_type` names; none means `void`.
  mutating func type(of entry: DebugEntry, in graph: inout TypeGraph) -> TypeID {
    guard let offset = entry.reference(DW_AT_type) else { return voidType(&graph) }
    return type(at: offset, &graph)
  }

  private mutating func voidType(_ graph: inout TypeGraph) -> TypeID {
    if let void { return void }
    let id = graph.append(.void)
    void = id
    return id
  }

  mutating func type(at offset: UInt64, _ graph: inout TypeGraph) -> TypeID {
    if let found = known[offset] { return found }
    let id = graph.append(.void)
    known[offset] = id
    waiting.append((offset, id))
    return id
  }

  /// Reads what the types so far refer to; to be called once a unit is read.
  mutating func finish(_ graph: inout TypeGraph) {
    while let next = waiting.popLast() {
      guard let entry = session.entry(at: next.offset, form) else { continue }
      graph[next.id] = read(entry, &graph)
    }
  }

  private mutating func read(_ entry: DebugEntry, _ graph: inout TypeGraph) -> CType {
    let size = Int(clamping: entry.unsigned(DW_AT_byte_size) ?? 0)
    switch entry.tag {
    case DW_TAG_base_type:
      return .base(
        name: entry.name ?? "", encoding: Self.encoding(entry.unsigned(DW_AT_encoding) ?? 0),
        byteCount: size)
    case DW_TAG_pointer_type: return .pointer(to: type(of: entry, in: &graph))
    case DW_TAG_const_type: return .qualified(.const, of: type(of: entry, in: &graph))
    case DW_TAG_volatile_type: return .qualified(.volatile, of: type(of: entry, in: &graph))
    case DW_TAG_restrict_type: return .qualified(.restrict, of: type(of: entry, in: &graph))
    case DW_TAG_atomic_type: return .qualified(.atomic, of: type(of: entry, in: &graph))
    case DW_TAG_typedef: return .typedef(name: entry.name ?? "", of: type(of: entry, in: &graph))
    case DW_TAG_structure_type: return .structure(composite(entry, size, &graph))
    case DW_TAG_union_type: return .union(composite(entry, size, &graph))
    case DW_TAG_enumeration_type: return .enumeration(enumeration(entry, size))
    case DW_TAG_subroutine_type: return .function(prototype(entry, &graph))
    case DW_TAG_array_type: return array(entry, &graph)
    case DW_TAG_unspecified_type: return .void
    default:
      return .base(name: entry.name ?? "?", encoding: .unsigned, byteCount: size)
    }
  }

  private static func encoding(_ number: UInt64) -> BaseEncoding {
    switch Int32(clamping: number) {
    case DW_ATE_boolean: .boolean
    case DW_ATE_float, DW_ATE_decimal_float: .float
    case DW_ATE_complex_float: .complexFloat
    case DW_ATE_signed: .signed
    case DW_ATE_signed_char: .signedCharacter
    case DW_ATE_unsigned_char: .unsignedCharacter
    default: .unsigned
    }
  }

  private mutating func composite(
    _ entry: DebugEntry, _ size: Int, _ graph: inout TypeGraph
  ) -> Composite {
    var members: [Member] = []
    for child in entry.children where child.tag == DW_TAG_member {
      let bytes = Int(clamping: child.unsigned(DW_AT_data_member_location) ?? 0)
      let bits = child.unsigned(DW_AT_data_bit_offset).map { Int(clamping: $0) }
      members.append(
        Member(
          name: child.name, type: type(of: child, in: &graph), bitOffset: bits ?? bytes * 8,
          bitWidth: child.unsigned(DW_AT_bit_size).map { Int(clamping: $0) }))
    }
    return Composite(
      tag: entry.name, byteCount: size, members: members,
      isComplete: !entry.flag(DW_AT_declaration), declaredAt: sourceLine(entry))
  }

  private func enumeration(_ entry: DebugEntry, _ size: Int) -> Enumeration {
    Enumeration(
      tag: entry.name, byteCount: size,
      constants: entry.children.filter { $0.tag == DW_TAG_enumerator }.map { child in
        .init(name: child.name ?? "", value: child.signed(DW_AT_const_value) ?? 0)
      })
  }

  /// The prototype of a subprogram or subroutine type.
  mutating func prototype(_ entry: DebugEntry, _ graph: inout TypeGraph) -> Prototype {
    var parameters: [Prototype.Parameter] = []
    var isVariadic = false
    for child in entry.children {
      if child.tag == DW_TAG_formal_parameter {
        parameters.append(.init(name: child.name, type: type(of: child, in: &graph)))
      }
      if child.tag == DW_TAG_unspecified_parameters { isVariadic = true }
    }
    return Prototype(
      result: type(of: entry, in: &graph), parameters: parameters, isVariadic: isVariadic)
  }

  private mutating func array(_ entry: DebugEntry, _ graph: inout TypeGraph) -> CType {
    let counts = entry.children.filter { $0.tag == DW_TAG_subrange_type }.map { range -> Int? in
      if let count = range.unsigned(DW_AT_count) { return Int(clamping: count) }
      guard let upper = range.signed(DW_AT_upper_bound) else { return nil }
      return max(Int(clamping: upper) &+ 1, 0)
    }
    var element = type(of: entry, in: &graph)
    for count in counts.dropFirst().reversed() {
      element = graph.append(.array(of: element, count: count))
    }
    return .array(of: element, count: counts.first ?? nil)
  }

  func sourceLine(_ entry: DebugEntry) -> SourceLine? {
    guard let line = entry.unsigned(DW_AT_decl_line) else { return nil }
    let file = Int(clamping: entry.unsigned(DW_AT_decl_file) ?? 0)
    return SourceLine(
      file: files.indices.contains(file) ? files[file] : "", line: Int(clamping: line))
  }
}
