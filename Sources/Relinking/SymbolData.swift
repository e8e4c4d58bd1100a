import ByteCoding
import ObjectModel
import TypeModel
import VersionSpace

/// The data symbols of an object: what assembly defines, which no debug information describes, and
/// how large a datum really is, which its type does not say if it ends in a flexible array.
struct SymbolData {
  private let linked: LinkedObject
  private let symbols: [Found]

  private struct Found {
    var symbol: Symbol
    var section: SectionID
    var range: Range<UInt64>
  }

  init(_ linked: LinkedObject) {
    self.linked = linked
    symbols = linked.object.symbols.compactMap { symbol in
      guard symbol.type == .object, symbol.byteCount > 0, case .section(let id) = symbol.place,
        linked.object[id].isAllocated, !linked.object[id].isExecutable
      else { return nil }
      let (end, overflow) = symbol.value.addingReportingOverflow(symbol.byteCount)
      guard !overflow else { return nil }
      return Found(symbol: symbol, section: id, range: symbol.value..<end)
    }.sorted { ($0.section, $0.range.lowerBound) < ($1.section, $1.range.lowerBound) }
  }

  /// The size of the symbol that begins at `offset` of a section.
  func byteCount(in section: SectionID, at offset: UInt64) -> UInt64? {
    let first = symbols.partitioningIndex { ($0.section, $0.range.lowerBound) >= (section, offset) }
    guard first < symbols.count, symbols[first].section == section,
      symbols[first].range.lowerBound == offset
    else { return nil }
    return symbols[first].range.upperBound - offset
  }

  /// What none of `described` covers, as arrays of bytes.
  ///
  /// Left out is what the compiler named: `name.N` says nothing from one build to the next.
  ///
  /// - Parameters:
  ///   - described: the unit's data that debug information describes.
  ///   - number: the object's unit.
  ///   - path: the unit's source file.
  ///   - types: gets the types of what is found.
  /// - Returns: the data, of no place in a source file.
  func undescribed(
    _ described: [Delta.Datum], unit number: Int, path: String, _ types: inout TypeGraph
  ) -> [Delta.Datum] {
    var known: [SectionID: [Range<UInt64>]] = [:]
    for datum in described {
      guard let section = datum.section else { continue }
      known[section, default: []].append(datum.offset..<(datum.offset + datum.byteCount))
    }
    var result: [Delta.Datum] = []
    for found in symbols where !found.symbol.name.contains(".") {
      guard let address = linked.placements[found.section],
        !known[found.section, default: []].contains(where: { $0.overlaps(found.range) })
      else { continue }
      known[found.section, default: []].append(found.range)
      let byte = types.append(
        .base(name: "unsigned char", encoding: .unsignedCharacter, byteCount: 1))
      let type = types.append(.array(of: byte, count: found.range.count))
      result.append(
        Delta.Datum(
          name: found.symbol.name, unit: number, procedure: nil, scope: [],
          isStatic: found.symbol.binding == .local, isThreadLocal: false, type: type,
          declaredAt: SourceLine(file: path, line: 0), section: found.section,
          offset: found.range.lowerBound, byteCount: UInt64(found.range.count),
          address: LinkAddress(rawValue: address.rawValue &+ found.range.lowerBound)))
    }
    return result
  }
}
