import ByteCoding
package import ObjectModel
package import X86Code

/// What a relocation of an embedded object refers to, in terms of its program's delta.
package enum Reference: Hashable, Sendable {
  /// The trampoline of a procedure: its address, or a call to it.
  case procedure(Int)
  /// `offset` bytes into a part of a procedure, bound within the version: a jump into a `.cold`
  /// part, a jump-table entry, a call to a clone.
  case part(procedure: Int, part: Int, offset: Int64)
  /// `offset` bytes from the start of a datum; may lie outside it.
  case datum(Int, offset: Int64)
  /// Content without a name of its own: strings, constants, jump tables.
  case literal(unit: Int, section: SectionID, offset: Int64)
  /// A symbol that no prepared unit defines, or an indirect function.
  case foreign(String, offset: Int64)
  case absolute(UInt64)
}

/// A run of bytes in a section.
private protocol Place: Sendable {
  var offset: UInt64 { get }
  var end: UInt64 { get }
}

/// A `ProgramImage` with the look-ups that comparing and relocating need; built once per image.
package struct ImageIndex: Sendable {
  package let image: ProgramImage
  private var globalProcedures: [String: Int] = [:]
  private var globalData: [String: Int] = [:]
  /// Further names of data: aliases, and symbols inside of a datum.
  private var dataAliases: [String: (datum: Int, offset: Int64)] = [:]
  private var owners: [SectionPlace: Owner] = [:]

  private struct SectionPlace: Hashable {
    var unit: Int
    var section: SectionID
  }

  /// What lies in a section, in order of offset.
  private struct Owner: Sendable {
    var trampolineOf: Int?
    var parts = Items<PartPlace>()
    var data = Items<DatumPlace>()
  }

  private struct PartPlace: Place {
    var offset: UInt64
    var end: UInt64
    var procedure: Int
    var part: Int
  }

  private struct DatumPlace: Place {
    var offset: UInt64
    var end: UInt64
    var datum: Int
  }

  private struct Items<Item: Place>: Sendable {
    /// By offset, once they are sorted.
    var all: [Item] = []
    /// Whether each has some bytes, and ends before the next begins: then one look finds them.
    var areApart = true

    mutating func sort() {
      if all.count > 1 { all.sort { $0.offset < $1.offset } }
      areApart =
        all.allSatisfy { $0.offset < $0.end }
        && zip(all, all.dropFirst()).allSatisfy { $0.end <= $1.offset }
    }
  }

  package init(_ image: ProgramImage) {
    self.image = image
    let weak = image.delta.units.indices.map { Self.weakNames(image.object(of: $0)) }
    for (index, procedure) in image.delta.procedures.enumerated() {
      indexProcedure(procedure, index, weak: weak[procedure.unit])
    }
    for (index, datum) in image.delta.data.enumerated() {
      if !datum.isStatic, globalData[datum.name] == nil || !weak[datum.unit].contains(datum.name) {
        globalData[datum.name] = index
      }
      guard let section = datum.section else { continue }
      owners[SectionPlace(unit: datum.unit, section: section), default: Owner()].data
        .all.append(
          DatumPlace(offset: datum.offset, end: datum.offset + datum.byteCount, datum: index))
    }
    var byUnit = Array(repeating: [Int](), count: image.delta.units.count)
    for (index, procedure) in image.delta.procedures.enumerated() {
      byUnit[procedure.unit].append(index)
    }
    for unit in image.delta.units.indices { indexTrampolines(ofUnit: unit, byUnit[unit]) }
    for place in owners.keys {
      owners[place]?.parts.sort()
      owners[place]?.data.sort()
    }
    for unit in image.delta.units.indices { indexDataAliases(ofUnit: unit) }
  }

  private mutating func indexDataAliases(ofUnit unit: Int) {
    for symbol in image.object(of: unit).symbols
    where symbol.type == .object && symbol.binding != .local && globalData[symbol.name] == nil {
      guard case .section(let section) = symbol.place,
        let data = owners[SectionPlace(unit: unit, section: section)]?.data,
        let found = data.all.first(where: { $0.offset <= symbol.value && symbol.value < $0.end })
      else { continue }
      dataAliases[symbol.name] = (found.datum, Int64(symbol.value - found.offset))
    }
  }

  /// What another unit's definition wins over, whichever comes first on the link line.
  private static func weakNames(_ object: ObjectFile) -> Set<String> {
    Set(object.symbols.filter { $0.binding == .weak && $0.isDefined }.map(\.name))
  }

  private mutating func indexProcedure(
    _ procedure: Delta.Procedure, _ index: Int, weak: Set<String>
  ) {
    if !procedure.isStatic {
      for name in [procedure.name] + procedure.aliases
      where globalProcedures[name] == nil || !weak.contains(name) {
        globalProcedures[name] = index
      }
    }
    for (number, part) in procedure.parts.enumerated() {
      owners[SectionPlace(unit: procedure.unit, section: part.section), default: Owner()].parts
        .all.append(
          PartPlace(
            offset: part.offset, end: part.offset + part.byteCount, procedure: index, part: number))
    }
  }

  /// The rewriter gives each trampoline a section whose name ends in its procedure's.
  private mutating func indexTrampolines(ofUnit unit: Int, _ procedures: [Int]) {
    let object = image.object(of: unit)
    var byName: [String: Int] = [:]
    for index in procedures {
      let procedure = image.delta.procedures[index]
      for name in [procedure.name] + procedure.aliases { byName[name] = index }
    }
    for id in object.sectionIDs {
      let name = object[id].name
      guard name.hasPrefix(PreparedName.trampolineSection) else { continue }
      let procedure = byName[String(name.dropFirst(PreparedName.trampolineSection.count))]
      owners[SectionPlace(unit: unit, section: id), default: Owner()].trampolineOf = procedure
    }
  }

  /// What `relocation`, found in an object of `unit`, refers to.
  ///
  /// `tail`: the bytes from the relocated field to the end of its instruction for a
  /// PC-relative operand, since the addend is relative to the field; 0 in data.
  package func reference(
    of relocation: Relocation, unit: Int, tail: Int
  ) -> Reference {
    guard let id = relocation.symbol else {
      return .absolute(UInt64(bitPattern: relocation.addend))
    }
    let object = image.object(of: unit)
    let symbol = object[id]
    let distance = relocation.addend + (relocation.type.isPCRelative ? Int64(tail) : 0)
    if symbol.binding != .local {
      if let procedure = globalProcedures[symbol.name] { return .procedure(procedure) }
      if let datum = globalData[symbol.name] { return .datum(datum, offset: distance) }
      if let (datum, offset) = dataAliases[symbol.name] {
        return .datum(datum, offset: offset + distance)
      }
    }
    // Its place is that of the resolver; what it stands for, only the target knows.
    if symbol.type == .indirectFunction { return .foreign(symbol.name, offset: distance) }
    switch symbol.place {
    case .undefined, .common: return .foreign(symbol.name, offset: distance)
    case .absolute: return .absolute(symbol.value &+ UInt64(bitPattern: distance))
    case .section(let section):
      return reference(to: section, at: Int64(symbol.value) + distance, unit: unit)
    }
  }

  /// What lies `offset` bytes into a section of `unit`'s object.
  package func reference(to section: SectionID, at offset: Int64, unit: Int) -> Reference {
    guard let owner = owners[SectionPlace(unit: unit, section: section)] else {
      return .literal(unit: unit, section: section, offset: offset)
    }
    if let procedure = owner.trampolineOf { return .procedure(procedure) }
    if let part = Self.covering(offset, owner.parts) {
      let found = owner.parts.all[part]
      return .part(
        procedure: found.procedure, part: found.part, offset: offset - Int64(found.offset))
    }
    if let index = Self.covering(offset, owner.data) {
      let found = owner.data.all[index]
      return .datum(found.datum, offset: offset - Int64(found.offset))
    }
    return .literal(unit: unit, section: section, offset: offset)
  }

  /// The item that contains `offset`, else the nearest one: compilers form addresses just outside
  /// of the object they mean (`&array[-1]`, one past the end).
  private static func covering<Item: Place>(_ offset: Int64, _ items: Items<Item>) -> Int? {
    let all = items.all
    guard items.areApart else {
      let inside = all.firstIndex { Int64($0.offset) <= offset && offset < Int64($0.end) }
      return inside ?? all.indices.min { distance(offset, all[$0]) < distance(offset, all[$1]) }
    }
    let next = all.partitioningIndex { Int64($0.offset) > offset }
    guard next > 0 else { return all.isEmpty ? nil : 0 }
    guard next < all.count, offset >= Int64(all[next - 1].end) else { return next - 1 }
    return distance(offset, all[next]) < distance(offset, all[next - 1]) ? next : next - 1
  }

  private static func distance(_ offset: Int64, _ item: some Place) -> UInt64 {
    offset < Int64(item.offset)
      ? (Int64(item.offset) - offset).magnitude : (offset - Int64(item.end)).magnitude
  }

  package func procedure(named name: String) -> Int? { globalProcedures[name] }
  package func datum(named name: String) -> Int? { globalData[name] }
}

/// For each relocated field of some code, the bytes from the field to its instruction's end.
package struct OperandTails: Sendable {
  /// By rising offset of the field.
  private let ends: [OperandEnd]

  /// - Parameters:
  ///   - code: a part's bytes.
  ///   - decoder: splits it into instructions.
  /// - Throws: what the decoder throws.
  package init(code: [UInt8], decoder: some InstructionDecoding) throws(DecodingFailure) {
    ends = try decoder.operandEnds(in: code)
  }

  /// The tail of the field at `offset` from the start of the code; 4 for a field that no
  /// instruction has, as in a call's operand.
  package func tail(at offset: Int) -> Int {
    let place = ends.partitioningIndex { $0.field >= offset }
    return place < ends.count && ends[place].field == offset ? ends[place].end - offset : 4
  }
}
