import DWARFInfo
import Disassembler
import ELFFile
import Foundation
import ObjectModel
import Relinking
import TypeModel
import VersionSpace

/// The last pass: gives a linked program its delta, build ID and unwind index.
struct Completing {
  let path: String
  let own: OwnOptions
  let linkLine: [String]
  let strip: StripWishes
  let names: LinkNames
  let files: [LinkInputs.File]

  static let nothingPrepared = "nothing in it was compiled by pupcc"
  static let noDebugInformation = "it has no debug information (stripped before the link?)"

  /// - Returns: what the program lacks; `nil` if it was completed.
  func run() throws(DriverFailure) -> String? {
    do throws(ELFFailure) {
      var program = try ELFProgram(atPath: path)
      guard let section = program.section(named: PreparedName.embeddedObject) else {
        return Self.nothingPrepared
      }
      guard let debug = try debugInformation(of: program) else { return Self.noDebugInformation }
      var delta = try describe(program, section, debug)
      guard delta.procedures.first?.name == "main" else {
        return "its main was not compiled by pupcc"
      }
      if own.callMode == .direct { try makeCallsDirect(&program, &delta) }
      try patchDescriptor(&program, delta)
      try finish(program, delta)
      noteUndescribed(delta)
      noteResidents(delta)
      return nil
    } catch {
      throw .cannot(error.sentence)
    }
  }

  private func describe(
    _ program: ELFProgram, _ section: ELFProgram.ProgramSection, _ debug: DebugInformation
  ) throws(ELFFailure) -> Delta {
    let entries: [EmbeddedObjects.Entry]
    let placements: [ObjectIdentity: [SectionID: LinkAddress]]
    do throws(EmbeddingFailure) {
      entries = try EmbeddedObjects.parse(program.contents(of: section))
      placements =
        try program.section(named: PreparedName.placements).map {
          (section) throws(EmbeddingFailure) in
          try Placements.parse(program.contents(of: section))
        } ?? [:]
    } catch {
      throw .malformed(file: path, what: String(describing: error))
    }
    let symbols = try program.symbols()
    guard let descriptor = symbols.first(where: { $0.name == "__pup_descriptor" })
    else { throw .malformed(file: path, what: "the runtime's descriptor is missing") }
    var objects: [LinkedObject] = []
    for entry in entries {
      let bytes = try Compression.inflate(
        entry.compressed, expectedByteCount: entry.byteCount, file: path)
      objects.append(
        LinkedObject(
          object: names.applied(to: try ELFReader.object(bytes, name: path)),
          placements: placements[entry.identity] ?? [:]))
    }
    var delta = Completion(
      debug: debug, objects: objects, decoder: ZydisDecoder()
    ).delta(
      producer: ObjectPreparation.producer, buildID: BuildID(rawValue: program.buildID ?? ""),
      isPositionIndependent: program.isPositionIndependent, linkLine: linkLine,
      descriptor: LinkAddress(rawValue: descriptor.value))
    let reserve = symbols.first { $0.name == "__pup_tls_reserve" }
    delta.threadReserve = reserve.map { $0.value..<($0.value + $0.byteCount) }
    delta.unprepared =
      UnpreparedInputs(files, defined: Set(symbols.lazy.filter { !$0.isLocal }.map(\.name))).found
    delta.linkNames = names.isEmpty ? nil : names
    return delta
  }

  /// - Returns: `nil` when no object brought any, as after `strip -g` of all of them.
  private func debugInformation(
    of program: ELFProgram
  ) throws(ELFFailure) -> DebugInformation? {
    var tables: [(name: String, bytes: [UInt8])] = []
    for name in [".debug_rnglists", ".debug_loclists"] {
      guard let section = program.section(named: name) else { continue }
      tables.append((name, try program.inflatedContents(of: section)))
    }
    do throws(DWARFFailure) {
      for table in tables {
        try ListTables.check(table.bytes, section: table.name, file: path)
      }
      return try DWARFReader.read(path: path)
    } catch {
      if case .missing = error { return nil }
      throw .malformed(file: path, what: error.sentence)
    }
  }

  /// Leads calls to trampolines to the bodies behind them, and lists them.
  private func makeCallsDirect(
    _ program: inout ELFProgram, _ delta: inout Delta
  ) throws(ELFFailure) {
    let image = program
    let sites = DirectCalls(delta, decoder: ZydisDecoder()).sites {
      image.contents(at: $0.rawValue, byteCount: $1)
    }
    for site in sites { try program.patch(site.displacement, at: site.field.rawValue) }
    for (callee, sites) in Dictionary(grouping: sites, by: \.callee) {
      delta.procedures[callee].callSites = sites.map(\.field)
    }
    delta.callMode = .direct
  }

  /// Build ID, its size, and the distance to the linker's `.eh_frame_hdr` (`pup_runtime.h`).
  private func patchDescriptor(_ program: inout ELFProgram, _ delta: Delta) throws(ELFFailure) {
    let base = delta.descriptor.rawValue
    let digits = Array(delta.buildID.rawValue.utf8)
    var identity = stride(from: 0, to: min(digits.count, 40) - 1, by: 2).map { index in
      UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) ?? 0
    }
    let count = UInt8(identity.count)
    identity += [UInt8](repeating: 0, count: 20 - identity.count)
    try program.patch(identity + [count, 0, 0, 0], at: base + 16)
    guard let header = program.section(named: ".eh_frame_hdr"),
      let unwind = try program.symbols().first(where: { $0.name == "__pup_unwind" })
    else { return }
    let distance = header.address &- base
    try program.patch(
      (0..<8).map { UInt8(truncatingIfNeeded: distance >> (8 * UInt64($0))) }, at: base + 160)
    program.setUnwindHeader(address: unwind.value, byteCount: header.byteCount)
  }

  private func finish(_ program: ELFProgram, _ delta: Delta) throws(ELFFailure) {
    let encoded = encode(delta)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: encoded.count >> (8 * $0)) }
    let section = ELFProgram.NewSection(
      name: PreparedName.delta,
      contents: Array("PUPDELT1".utf8) + size + Compression.deflate(encoded))
    let file = program.file(adding: [section]) { name in
      if name == PreparedName.placements || strip.dropsDebug && name.hasPrefix(".debug_") {
        return true
      }
      return strip.dropsSymbols && (name == ".symtab" || name == ".strtab")
    }
    do throws(DriverFailure) {
      try AtomicFile.write(file, to: path)
      if own.writesCompanions {
        try Companions.write(delta: encoded, section: section, program: program, to: path)
      }
    } catch {
      throw .unwritable(file: path, what: error.sentence ?? "")
    }
  }

  /// No update could tell: there is nothing to compare.
  private func noteUndescribed(_ delta: Delta) {
    let found = delta.remarks.filter { $0.hasSuffix(Delta.undescribed) }
    guard let first = found.first else { return }
    let rest = found.count > 1 ? ", as of \(found.count - 1) more" : ""
    Driver.note("\(path): \(first)\(rest) (stripped before the link?)")
  }

  private func noteResidents(_ delta: Delta) {
    let names = Residents(delta).onlyInside
    guard !names.isEmpty else { return }
    let listed = names.prefix(5).joined(separator: ", ")
    let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
    Driver.note(
      "\(path): inlined into main and nowhere else, so never updatable: \(listed)\(rest) "
        + "(--keep-calls keeps them apart)")
  }

  private func encode(_ delta: Delta) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(delta) else {
      preconditionFailure("a delta has no values that JSON cannot hold")
    }
    return Array(data)
  }
}

/// `prog.delta` and `prog.pup.o`, for PODUS's `load`.
enum Companions {
  static func write(
    delta: [UInt8], section: ELFProgram.NewSection, program: ELFProgram, to path: String
  ) throws(DriverFailure) {
    try AtomicFile.write(delta, to: path + ".delta")
    var object = ObjectFile()
    _ = object.append(
      Section(
        name: PreparedName.productNote, type: .note, flags: [], alignment: 4,
        contents: ObjectStamp(
          producer: ObjectPreparation.producer, path: path, directory: "", date: "", time: ""
        ).note))
    for name in [PreparedName.embeddedObject, PreparedName.objectNote] {
      guard let found = program.section(named: name) else { continue }
      _ = object.append(
        Section(
          name: name, type: .progbits, flags: [], alignment: 8,
          contents: program.contents(of: found)))
    }
    _ = object.append(
      Section(
        name: section.name, type: .progbits, flags: [], alignment: 8, contents: section.contents))
    let bytes: [UInt8]
    do throws(ELFFailure) {
      bytes = try ELFWriter.bytes(of: object, name: path)
    } catch {
      throw .cannot(error.sentence)
    }
    try AtomicFile.write(bytes, to: path + ".pup.o")
  }
}
