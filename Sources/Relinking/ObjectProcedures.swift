import ByteCoding
import ObjectModel
import TypeModel
import VersionSpace

/// The procedures of one rewritten object in a linked program.
struct ObjectProcedures {
  private let linked: LinkedObject
  private let unit: Int
  /// Symbols of each trampoline section's procedure.
  private var names: [SectionID: [Symbol]] = [:]
  private var bodies: [String: Symbol] = [:]
  private var slots: [String: SectionID] = [:]
  /// Clones and cold parts by the procedure's name.
  private var pieces: [String: [Symbol]] = [:]

  init(_ linked: LinkedObject, unit: Int) {
    self.linked = linked
    self.unit = unit
    let object = linked.object
    for id in object.sectionIDs where object[id].name.hasPrefix(PreparedName.slotSection) {
      slots[String(object[id].name.dropFirst(PreparedName.slotSection.count))] = id
    }
    for symbol in object.symbols where symbol.type == .function {
      guard case .section(let section) = symbol.place else { continue }
      if object[section].name.hasPrefix(PreparedName.trampolineSection) {
        names[section, default: []].append(symbol)
      } else if symbol.name.hasSuffix(PreparedName.bodySuffix) {
        bodies[String(symbol.name.dropLast(PreparedName.bodySuffix.count))] = symbol
      } else if symbol.name.contains("."), symbol.byteCount > 0 {
        let base = symbol.name.split(separator: ".").first.map(String.init) ?? ""
        pieces[base, default: []].append(symbol)
      }
    }
  }

  var isEmpty: Bool { names.isEmpty }

  func procedures(_ debug: DebugInformation.Unit?, _ delta: inout Delta) -> [Delta.Procedure] {
    let described = debug.map(DescribedProcedures.init)
    var result: [Delta.Procedure] = []
    var seen: Set<String> = []
    for section in names.keys.sorted() {
      let title = String(
        linked.object[section].name.dropFirst(PreparedName.trampolineSection.count))
      seen.insert(title)
      guard let symbols = names[section], let trampoline = linked.placements[section],
        let body = bodies[title], let slot = slots[title].flatMap({ linked.placements[$0] }),
        let first = part(body, .body, described)
      else { continue }
      let all = pieces[title, default: []].compactMap { part($0, Self.kind($0), described) }
      result.append(
        procedure(
          title, symbols, trampoline: trampoline, slot: slot, parts: [first] + all, described,
          &delta))
    }
    for base in pieces.keys.sorted() where !seen.contains(base) {
      let parts = (pieces[base] ?? []).compactMap { part($0, Self.kind($0), described) }
      guard !parts.isEmpty else { continue }
      delta.remarks.append("\(base) exists only as \(parts[0].symbol): it changes with its callers")
      result.append(
        procedure(
          base, [], trampoline: LinkAddress(rawValue: 0), slot: LinkAddress(rawValue: 0),
          parts: parts, described, &delta))
    }
    return result
  }

  private static func kind(_ symbol: Symbol) -> Delta.Part.Kind {
    symbol.name.hasSuffix(".cold") ? .cold : .clone
  }

  private func part(
    _ symbol: Symbol, _ kind: Delta.Part.Kind, _ described: DescribedProcedures?
  ) -> Delta.Part? {
    guard case .section(let section) = symbol.place, let base = linked.placements[section] else {
      return nil
    }
    let address = base.rawValue &+ symbol.value
    let lines = described?.lines(in: address..<(address &+ symbol.byteCount)) ?? []
    return Delta.Part(
      kind: kind, symbol: symbol.name, section: section, offset: symbol.value,
      byteCount: symbol.byteCount, address: LinkAddress(rawValue: address), lines: lines)
  }

  private func procedure(
    _ title: String, _ symbols: [Symbol], trampoline: LinkAddress, slot: LinkAddress,
    parts: [Delta.Part], _ described: DescribedProcedures?, _ delta: inout Delta
  ) -> Delta.Procedure {
    let found = parts.lazy.compactMap { described?.procedure(at: $0.address.rawValue) }.first
    let prototype: Prototype
    if let found {
      prototype = found.prototype
    } else {
      prototype = Prototype(result: delta.types.append(.void), parameters: [], isVariadic: true)
    }
    return Delta.Procedure(
      name: title, unit: unit,
      isStatic: symbols.allSatisfy { $0.binding == .local },
      aliases: symbols.map(\.name).filter { $0 != title },
      declaredAt: found?.declaredAt ?? SourceLine(file: "", line: 0), prototype: prototype,
      trampoline: trampoline, slot: slot, parts: parts, calls: [],
      inlined: (found?.inlined ?? []).map { .init(name: $0.name, ranges: $0.ranges) },
      isAddressTaken: false, mentionedTypes: found?.mentionedTypes ?? [])
  }
}

/// A debug unit's procedures and lines, by address.
struct DescribedProcedures {
  private var byStart: [UInt64: DebugInformation.Procedure] = [:]
  private var rows: [DebugInformation.LineRow]

  init(_ unit: DebugInformation.Unit) {
    for procedure in unit.procedures {
      for range in procedure.ranges { byStart[range.lowerBound] = procedure }
    }
    rows = unit.lines
  }

  func procedure(at address: UInt64) -> DebugInformation.Procedure? { byStart[address] }

  /// Rows within a range, as offsets from its start.
  func lines(in range: Range<UInt64>) -> [Delta.Part.LineRow] {
    let first = rows.partitioningIndex { $0.address >= range.lowerBound }
    var result: [Delta.Part.LineRow] = []
    for found in rows[first...].prefix(while: { $0.address < range.upperBound }) {
      let row = Delta.Part.LineRow(
        offset: Int(found.address - range.lowerBound), line: found.line)
      if result.last?.line != row.line { result.append(row) }
    }
    return result
  }
}
