import Comparing
import Disassembler
import ELFFile
import Foundation
import ObjectModel
import Relinking
import TestSupport
import Testing
import TypeModel
import VersionSpace

/// One C file as gcc and the rewriter really make it, with types that the test states.
///
/// Procedures and data come from the symbol table, lines from the line table.
struct Sample {
  var source: String
  var flags = ["-O2"]
  var file = "sample.c"
  /// Under a temporary folder that is made for each compilation.
  var folder = "src"
  var date = "Jan  1 2024"
  var time = "01:02:03"
  var types = Types()

  struct Types {
    var graph = TypeGraph()
    var data: [String: TypeID] = [:]
    var prototypes: [String: Prototype] = [:]
    var mentioned: [String: [TypeID]] = [:]
    /// For static locals, by their name: the procedure.
    var owners: [String: String] = [:]
    /// Procedures whose address is kept.
    var addressTaken: Set<String> = []
  }

  static let preparing = [
    "-g", "-ffunction-sections", "-fdata-sections", "-flive-patching=inline-clone",
    "-mno-direct-extern-access", "-w",
  ]

  /// Compiles the file and makes an image of it.
  func image() async throws -> ProgramImage {
    let top = try temporaryFolder(named: "comparing")
    defer { removeFolder(top) }
    let place = "\(top)/\(folder)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    try TestSupport.write(Array(source.utf8), to: "\(place)/\(file)")
    try await run(Self.preparing + flags + ["-c", file, "-o", "a.o"], in: place)
    try await run(
      ["-nostdlib", "-static", "-Wl,-e,0,--unresolved-symbols=ignore-all", "a.o", "-o", "a.out"],
      in: place)
    let plain = try ELFReader.object(atPath: "\(place)/a.o")
    let object = try ObjectRewriter(decoder: ZydisDecoder()).rewrite(plain).object
    let program = try ELFProgram(atPath: "\(place)/a.out")
    let addresses = Dictionary(
      try program.symbols().map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let lines = try await lineRows(of: "\(place)/a.out")
    return ProgramImage(
      delta: delta(plain, place, addresses, lines), objects: [object])
  }

  private func run(_ arguments: [String], in place: String) async throws {
    let outcome = try await Command("/usr/bin/gcc", arguments, directory: place).runInTurn()
    try #require(outcome.status == 0, "\(outcome.summary)")
  }

  private func lineRows(of path: String) async throws -> [(address: UInt64, line: Int)] {
    let outcome = try await Command(
      "/usr/bin/readelf", ["--debug-dump=decodedline", path]
    ).runInTurn()
    return outcome.output.split(separator: "\n").compactMap { row in
      let words = row.split(separator: " ")
      guard words.count >= 3, let line = Int(words[1]), words[2].hasPrefix("0x"),
        let address = UInt64(words[2].dropFirst(2), radix: 16)
      else { return nil }
      return (address, line)
    }
  }

  private func delta(
    _ object: ObjectFile, _ place: String, _ addresses: [String: UInt64],
    _ lines: [(address: UInt64, line: Int)]
  ) -> Delta {
    var graph = types.graph
    let void = graph.append(.void)
    let int = graph.append(.base(name: "int", encoding: .signed, byteCount: 4))
    var procedures: [Delta.Procedure] = []
    var parts: [String: [Delta.Part]] = [:]
    var data: [Delta.Datum] = []
    for symbol in object.symbols {
      guard case .section(let section) = symbol.place else { continue }
      let stem = symbol.name.split(separator: ".").first.map(String.init) ?? ""
      if symbol.type == .function {
        parts[stem, default: []].append(part(symbol, section, addresses, lines))
        if stem == symbol.name { procedures.append(procedure(symbol, void)) }
      } else if symbol.type == .object {
        data.append(datum(symbol, stem, section, types.data[stem] ?? int))
      }
    }
    for index in procedures.indices {
      procedures[index].parts = (parts[procedures[index].name] ?? []).sorted {
        $0.kind == .body && $1.kind != .body
      }
    }
    procedures.sort { $0.name == "main" && $1.name != "main" }
    return Delta(
      producer: "test", buildID: BuildID(rawValue: ""), callMode: .table,
      isPositionIndependent: true, linkLine: [],
      units: [
        Delta.Unit(
          path: file, directory: place, object: 0, compileDate: date, compileTime: time,
          sections: [])
      ],
      procedures: procedures, data: data, types: graph, descriptor: LinkAddress(rawValue: 0),
      remarks: [])
  }

  private func part(
    _ symbol: Symbol, _ section: SectionID, _ addresses: [String: UInt64],
    _ lines: [(address: UInt64, line: Int)]
  ) -> Delta.Part {
    let kind: Delta.Part.Kind =
      symbol.name.hasSuffix(".cold") ? .cold : symbol.name.contains(".") ? .clone : .body
    let start = addresses[symbol.name] ?? 0
    let own = lines.filter { start <= $0.address && $0.address < start + symbol.byteCount }
    return Delta.Part(
      kind: kind, symbol: symbol.name, section: section, offset: symbol.value,
      byteCount: symbol.byteCount, address: LinkAddress(rawValue: start),
      lines: own.sorted { $0.address < $1.address }.map {
        .init(offset: Int($0.address - start), line: $0.line)
      })
  }

  private func procedure(_ symbol: Symbol, _ void: TypeID) -> Delta.Procedure {
    let name = symbol.name
    return Delta.Procedure(
      name: name, unit: 0, isStatic: symbol.binding == .local, aliases: [],
      declaredAt: SourceLine(file: file, line: 1),
      prototype: types.prototypes[name] ?? Prototype(result: void, parameters: []),
      trampoline: LinkAddress(rawValue: 0), slot: LinkAddress(rawValue: 0), parts: [], calls: [],
      inlined: [], isAddressTaken: types.addressTaken.contains(name),
      mentionedTypes: types.mentioned[name] ?? [])
  }

  private func datum(
    _ symbol: Symbol, _ stem: String, _ section: SectionID, _ type: TypeID
  ) -> Delta.Datum {
    Delta.Datum(
      name: stem, unit: 0, procedure: types.owners[stem], scope: [],
      isStatic: symbol.binding == .local, isThreadLocal: symbol.type == .threadLocal, type: type,
      declaredAt: SourceLine(file: file, line: 1), section: section, offset: symbol.value,
      byteCount: symbol.byteCount, address: LinkAddress(rawValue: 0))
  }
}

/// Compares two samples.
func changes(
  _ old: Sample, _ new: Sample, wishes: String = "", maps: GivenMaps = GivenMaps()
) async throws -> Changes {
  let wishes = try ChangesFile(parsing: wishes, path: "test.changes")
  return try Comparison(
    old: try await old.image(), new: try await new.image(), wishes: wishes, maps: maps,
    decoder: ZydisDecoder()
  ).changes()
}

extension Changes {
  var changedNames: Set<String> { Set(changedProcedures.map(\.name)) }

  func procedure(_ name: String) -> ProcedureChange? { procedures.first { $0.name == name } }
  func datum(_ name: String) -> DatumChange? { data.first { $0.name == name } }

  /// The members of the first group with that reason, by name.
  func group(_ reason: Group.Reason) -> Set<String>? {
    groups.first { $0.reason == reason }.map { Set($0.members.map { procedures[$0].name }) }
  }
}

extension Refusal {
  /// What is refused, without places and types.
  var kind: String {
    switch self {
    case .datumNeedsMap(let name, _, _, _): "datum \(name)"
    case .structureNeedsMap(let tag, _): "struct \(tag)"
    case .storedAddress(let procedure, _): "address \(procedure)"
    case .threadLocal(let name, _): "thread-local \(name)"
    case .pointerToMoved(let datum, let target, _): "pointer \(datum) to \(target)"
    case .unsupported(let what, _): "unsupported \(what)"
    }
  }
}
