import ByteCoding
package import ObjectModel
package import TypeModel
package import VersionSpace
package import X86Code

/// An embedded object of a linked program, and where the linker placed its sections.
package struct LinkedObject: Sendable {
  package var object: ObjectFile
  package var placements: [SectionID: LinkAddress]
  package init(object: ObjectFile, placements: [SectionID: LinkAddress]) {
    self.object = object
    self.placements = placements
  }
}

/// The last build-time pass: describes a linked program, from its embedded objects, the places that
/// the linker gave them, and the debug information.
package struct Completion<Decoder: InstructionDecoding> {
  let debug: DebugInformation
  let objects: [LinkedObject]
  let decoder: Decoder
  private let places: PlacementMap

  package init(debug: DebugInformation, objects: [LinkedObject], decoder: Decoder) {
    self.debug = debug
    self.objects = objects
    self.decoder = decoder
    places = PlacementMap(objects)
  }

  package func delta(
    producer: String, buildID: BuildID, isPositionIndependent: Bool, linkLine: [String],
    descriptor: LinkAddress
  ) -> Delta {
    var delta = Delta(
      producer: producer, buildID: buildID, callMode: .table,
      isPositionIndependent: isPositionIndependent, linkLine: linkLine, units: [], procedures: [],
      data: [], types: debug.types, descriptor: descriptor, remarks: [])
    let units = unitsByObject()
    for (number, linked) in objects.enumerated() {
      delta.units.append(unit(number, linked, units[number]))
      let table = ObjectProcedures(linked, unit: number)
      delta.procedures += table.procedures(units[number], &delta)
      let symbols = SymbolData(linked)
      let described = units[number].map { data(of: $0, number, delta.types, symbols) } ?? []
      delta.data += described
      delta.data += symbols.undescribed(
        described, unit: number, path: delta.units[number].path, &delta.types)
      if units[number] == nil, !table.isEmpty {
        delta.remarks.append("\(delta.units[number].path): \(Delta.undescribed)")
      }
      delta.remarks += ProcedureTable(linked.object).remarks.filter { $0.contains("ifunc") }
    }
    delta.procedures = ordered(delta.procedures)
    let edges = CallEdges(
      image: ProgramImage(delta: delta, objects: objects.map(\.object)),
      furtherTypes: objects.indices.map { units[$0]?.furtherTypes ?? [] }, decoder: decoder)
    edges.add(to: &delta)
    return delta
  }

  /// `main`, then by unit and line.
  private func ordered(_ procedures: [Delta.Procedure]) -> [Delta.Procedure] {
    procedures.enumerated().sorted { left, right in
      let (a, b) = (left.element, right.element)
      if (a.name == "main") != (b.name == "main") { return a.name == "main" }
      return (a.unit, a.declaredAt.line, left.offset) < (b.unit, b.declaredAt.line, right.offset)
    }.map(\.element)
  }

  /// Which debug unit describes each object: the one whose code or data lies in it.
  private func unitsByObject() -> [Int: DebugInformation.Unit] {
    var result: [Int: DebugInformation.Unit] = [:]
    for unit in debug.units {
      var addresses = unit.procedures.compactMap { $0.ranges.first?.lowerBound }
      for datum in unit.data {
        if case .address(let address) = datum.storage { addresses.append(address) }
      }
      for address in addresses {
        guard let place = places.place(of: address) else { continue }
        if result[place.object] == nil { result[place.object] = unit }
        break
      }
    }
    return result
  }

  private func unit(
    _ number: Int, _ linked: LinkedObject, _ unit: DebugInformation.Unit?
  ) -> Delta.Unit {
    var stamp: ObjectStamp?
    if let note = linked.object.section(named: PreparedName.objectNote) {
      do throws(EmbeddingFailure) {
        stamp = try ObjectStamp(note: linked.object[note].contents)
      } catch {
        stamp = nil
      }
    }
    return Delta.Unit(
      path: unit?.path ?? stamp?.path ?? "", directory: unit?.directory ?? stamp?.directory ?? "",
      object: number, compileDate: stamp?.date ?? "", compileTime: stamp?.time ?? "",
      sections: linked.placements.sorted { $0.key < $1.key }.map {
        .init(section: $0.key, address: $0.value)
      })
  }

  private func data(
    of unit: DebugInformation.Unit, _ number: Int, _ types: TypeGraph, _ symbols: SymbolData
  ) -> [Delta.Datum] {
    let threadLocals = ThreadLocalSymbols(objects[number].object).places(of: unit.data)
    return unit.data.compactMap { datum in
      var described = Delta.Datum(
        name: datum.name, unit: number, procedure: datum.procedure, scope: datum.scope,
        isStatic: !datum.isExternal, isThreadLocal: false, type: datum.type,
        declaredAt: datum.declaredAt, section: nil, offset: 0,
        byteCount: UInt64(types.byteCount(of: datum.type)), address: LinkAddress(rawValue: 0))
      switch datum.storage {
      case .threadLocal(let offset):
        described.isThreadLocal = true
        described.address = LinkAddress(rawValue: offset)
        let place = threadLocals[offset]
        described.section = place?.section
        described.offset = place?.offset ?? 0
      case .address(let address):
        described.address = LinkAddress(rawValue: address)
        if let place = places.place(of: address) {
          guard place.object == number else { return nil }
          described.section = place.section
          described.offset = place.offset
          if let size = symbols.byteCount(in: place.section, at: place.offset) {
            described.byteCount = max(described.byteCount, size)
          }
        }
      }
      return described
    }
  }
}

/// Finds the object and section that a link address lies in.
struct PlacementMap {
  struct Place {
    var object: Int
    var section: SectionID
    var offset: UInt64
  }

  private var entries: [(start: UInt64, end: UInt64, object: Int, section: SectionID)] = []

  init(_ objects: [LinkedObject]) {
    for (number, linked) in objects.enumerated() {
      for (section, address) in linked.placements {
        let size = UInt64(linked.object[section].byteCount)
        entries.append((address.rawValue, address.rawValue &+ size, number, section))
      }
    }
    entries.sort { ($0.start, $0.object) < ($1.start, $1.object) }
  }

  func place(of address: UInt64) -> Place? {
    let next = entries.partitioningIndex { $0.start > address }
    guard next > 0, address < entries[next - 1].end else { return nil }
    let found = entries[next - 1]
    return Place(object: found.object, section: found.section, offset: address - found.start)
  }
}

/// The thread-local symbols of an object; function-local ones are numbered by gcc.
struct ThreadLocalSymbols {
  typealias Place = (section: SectionID, offset: UInt64)

  /// In the order in which the linker lays them out: what has an image first.
  private var symbols: [(name: String, place: Place)] = []

  init(_ object: ObjectFile) {
    var found: [(order: (Int, SectionID, UInt64), name: String)] = []
    for symbol in object.symbols where symbol.type == .threadLocal {
      guard case .section(let section) = symbol.place else { continue }
      let rank = object[section].type == .nobits ? 1 : 0
      found.append(((rank, section, symbol.value), symbol.name))
    }
    symbols = found.sorted { $0.order < $1.order }.map { ($0.name, ($0.order.1, $0.order.2)) }
  }

  /// Where each thread-local datum lies in the object, by its offset in the TLS block; several of
  /// one name follow each other in both.
  func places(of data: [DebugInformation.Datum]) -> [UInt64: Place] {
    var rest = symbols
    var result: [UInt64: Place] = [:]
    let found = data.compactMap { datum -> (offset: UInt64, name: String)? in
      guard case .threadLocal(let offset) = datum.storage else { return nil }
      return (offset, datum.name)
    }
    for (offset, name) in found.sorted(by: { $0.offset < $1.offset }) {
      guard
        let index = rest.firstIndex(where: { $0.name == name })
          ?? rest.firstIndex(where: { $0.name.hasPrefix(name + ".") })
      else { continue }
      result[offset] = rest.remove(at: index).place
    }
    return result
  }
}
