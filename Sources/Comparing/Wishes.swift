import Relinking
import TypeModel

/// A changes file whose names were looked up in the two programs.
///
/// Sets hold pair indices of `Pairing`.
struct Wishes: Hashable, Sendable {
  private(set) var changed: Set<Int> = []
  private(set) var ignored: Set<Int> = []
  private(set) var resident: Set<Int> = []
  private(set) var reset: Set<Int> = []
  private(set) var kept: Set<Int> = []
  private(set) var harmlessProcedures: Set<Int> = []
  private(set) var harmlessData: Set<Int> = []
  private(set) var harmlessTags: Set<String> = []
  private(set) var together: [Together] = []
  /// New member names by tag and old member name.
  private(set) var renamed: [String: [String: String]] = [:]

  struct Together: Hashable, Sendable {
    var line: Int
    var members: [Int]
  }

  /// - Throws: what is wrong with the first wrong line.
  init(_ file: ChangesFile, _ programs: NamedPrograms) throws(ChangesFileFailure) {
    var reader = WishReader(programs: programs)
    for statement in file.statements {
      do throws(WishFault) {
        try add(statement, &reader)
      } catch {
        throw ChangesFileFailure(path: file.path, line: statement.line, fault: error.fault)
      }
    }
  }

  private mutating func add(
    _ statement: ChangesFile.Statement, _ reader: inout WishReader
  ) throws(WishFault) {
    let line = statement.line
    switch statement.kind {
    case .changed(let names):
      changed.formUnion(try reader.procedures(names, .changed, line: line))
    case .ignore(let names):
      ignored.formUnion(try reader.procedures(names, .ignored, line: line))
    case .together(let names):
      let members = try reader.procedures(names, nil, line: line)
      together.append(Together(line: line, members: members))
    case .resident(let names):
      resident.formUnion(try reader.procedures(names, nil, line: line))
    case .reset(let names): reset.formUnion(try reader.data(names, .reset, line: line))
    case .keep(let names): kept.formUnion(try reader.data(names, .kept, line: line))
    case .harmless(let names):
      for name in names { try addHarmless(name, reader) }
    case .default(let procedure, let parameter, _):
      try reader.checkParameter(parameter, of: procedure)
    case .renamed(let structure, let old, let new):
      try reader.checkRenaming(structure, old, new)
      renamed[structure, default: [:]][old] = new
    case .option, .maps: break
    }
  }

  /// The name may be a procedure, a datum and a struct at once: then all are meant.
  private mutating func addHarmless(_ name: String, _ reader: WishReader) throws(WishFault) {
    let tag = name.hasPrefix("struct ") ? String(name.dropFirst(7)) : name
    let isTag = reader.programs.tags.contains(tag)
    if isTag { harmlessTags.insert(tag) }
    if name != tag {
      if isTag { return }
      throw WishFault(
        .unknown(
          .structure, tag, suggestion: Suggestion.nearest(to: tag, among: reader.programs.tags)))
    }
    let procedures = reader.programs.names.procedurePairs(named: name)
    let data = reader.programs.names.datumPairs(named: name)
    guard procedures.count < 2 else { throw reader.ambiguous(.procedure, name, procedures) }
    guard data.count < 2 else { throw reader.ambiguous(.datum, name, data) }
    guard isTag || !procedures.isEmpty || !data.isEmpty else {
      throw WishFault(.unknown(.name, name, suggestion: reader.suggestion(for: name)))
    }
    harmlessProcedures.formUnion(procedures)
    harmlessData.formUnion(data)
  }
}

/// Two programs with the names by which people know their things.
struct NamedPrograms: Sendable {
  let old: Delta
  let new: Delta
  let pairing: Pairing
  let names: ProgramNames
  /// Tags of structs and unions of either version, and names of typedefs of anonymous ones.
  let tags: Set<String>
}

private struct WishFault: Error {
  var fault: ChangesFileFailure.Fault
  init(_ fault: ChangesFileFailure.Fault) { self.fault = fault }
}

/// Looks names up, and finds lines that contradict each other.
private struct WishReader {
  let programs: NamedPrograms
  private var said: [Claim: Int] = [:]

  init(programs: NamedPrograms) { self.programs = programs }

  enum Wish: Hashable { case changed, ignored, reset, kept }

  private struct Claim: Hashable {
    var wish: Wish
    var pair: Int
  }

  mutating func procedures(
    _ names: [String], _ wish: Wish?, line: Int
  ) throws(WishFault) -> [Int] {
    var pairs: [Int] = []
    for name in names {
      let pair = try procedure(name)
      if let wish { try claim(wish, pair, name, line) }
      pairs.append(pair)
    }
    return pairs
  }

  mutating func data(_ names: [String], _ wish: Wish, line: Int) throws(WishFault) -> [Int] {
    var pairs: [Int] = []
    for name in names {
      let found = programs.names.datumPairs(named: name)
      guard found.count < 2 else { throw ambiguous(.datum, name, found) }
      guard let pair = found.first else {
        throw WishFault(
          .unknown(
            .datum, name, suggestion: Suggestion.nearest(to: name, among: programs.names.data)))
      }
      try claim(wish, pair, name, line)
      pairs.append(pair)
    }
    return pairs
  }

  private func procedure(_ name: String) throws(WishFault) -> Int {
    let found = programs.names.procedurePairs(named: name)
    guard found.count < 2 else { throw ambiguous(.procedure, name, found) }
    guard let pair = found.first else {
      throw WishFault(
        .unknown(
          .procedure, name,
          suggestion: Suggestion.nearest(to: name, among: programs.names.procedures)))
    }
    return pair
  }

  private mutating func claim(
    _ wish: Wish, _ pair: Int, _ name: String, _ line: Int
  ) throws(WishFault) {
    let opposite: Wish =
      switch wish {
      case .changed: .ignored
      case .ignored: .changed
      case .reset: .kept
      case .kept: .reset
      }
    if let other = said[Claim(wish: opposite, pair: pair)] {
      throw WishFault(.contradicts(name: name, line: other))
    }
    said[Claim(wish: wish, pair: pair)] = line
  }

  func checkParameter(_ parameter: String, of name: String) throws(WishFault) {
    let pair = programs.pairing.procedures.pairs[try procedure(name)]
    guard let new = pair.new else { return }
    let parameters = programs.new.procedures[new].prototype.parameters.compactMap(\.name)
    guard parameters.contains(parameter) else {
      throw WishFault(
        .unknown(
          .parameter, parameter, suggestion: Suggestion.nearest(to: parameter, among: parameters)))
    }
  }

  func checkRenaming(_ tag: String, _ old: String, _ new: String) throws(WishFault) {
    guard programs.tags.contains(tag) else {
      throw WishFault(
        .unknown(.structure, tag, suggestion: Suggestion.nearest(to: tag, among: programs.tags)))
    }
    for (name, graph) in [(old, programs.old.types), (new, programs.new.types)] {
      let members = graph.members(ofTag: tag)
      guard members.isEmpty || members.contains(name) else {
        throw WishFault(
          .unknown(.member, name, suggestion: Suggestion.nearest(to: name, among: members)))
      }
    }
  }

  func suggestion(for name: String) -> String? {
    Suggestion.nearest(
      to: name,
      among: programs.names.procedures + programs.names.data + programs.tags.sorted())
  }

  func ambiguous(_ role: ChangesFileFailure.Role, _ name: String, _ pairs: [Int]) -> WishFault {
    let all = role == .datum ? programs.names.data : programs.names.procedures
    return WishFault(.ambiguous(role, name, candidates: pairs.map { all[$0] }))
  }
}
