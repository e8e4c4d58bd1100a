package import ObjectModel
package import X86Code

/// Makes a compiled object updatable: the first of the build-time passes (design section 3).
///
/// Each procedure's symbol becomes a trampoline that jumps through a slot of the binding table; the
/// body keeps its place under a local name.
package struct ObjectRewriter<Decoder: InstructionDecoding>: Sendable {
  let decoder: Decoder

  package init(decoder: Decoder) { self.decoder = decoder }

  /// Rewrites `object`; one that was rewritten already is returned as it is.
  ///
  /// - Throws: what cannot be made updatable, with the procedure and the offset.
  package func rewrite(_ object: ObjectFile) throws(RewriteFailure) -> RewrittenObject {
    var result = RewrittenObject(object: object)
    guard object.section(named: PreparedName.objectNote) == nil else { return result }
    let procedures = ProcedureTable(object)
    result.remarks = procedures.remarks
    var bodies = Bodies()
    let marked = object.marksBranchTargets
    for (index, procedure) in procedures.all.enumerated() {
      result.procedures.append(procedure.name)
      bodies.append(
        result.object.appendTrampoline(for: procedure, number: index, marked: marked))
    }
    var retargeting = Retargeting(procedures: procedures, bodies: bodies, decoder: decoder)
    try retargeting.run(on: &result.object)
    result.counts = retargeting.counts
    if !procedures.all.isEmpty {
      result.object.appendUnwindInformation(ofTrampolines: bodies.map(\.trampolineSection))
    }
    return result
  }
}

/// A rewritten object and what was done to it.
package struct RewrittenObject: Sendable {
  package var object: ObjectFile
  /// Names of the procedures that got a trampoline, in the order of their sections.
  package var procedures: [String] = []
  package var counts = RewriteCounts()
  /// What was left alone, and why.
  package var remarks: [String] = []
}

package struct RewriteCounts: Hashable, Sendable {
  /// Direct calls and jumps to a trampoline.
  package var calls = 0
  /// Other references: addresses that are kept.
  package var addresses = 0
  /// References that the assembler had resolved by itself.
  package var synthesised = 0
}

package enum RewriteFailure: Error, Hashable, Sendable {
  /// No instruction that we know starts there; `atByte` counts from the procedure's start.
  case undecodable(procedure: String, atByte: Int)
  /// A 1-byte jump leads from one procedure to another of the same section and cannot be re-pointed.
  case shortJump(from: String, to: String, atByte: Int)

  package var sentence: String {
    switch self {
    case .undecodable(let procedure, let offset):
      "\(procedure)+\(offset): not an instruction that is known; compile this file with gcc instead"
    case .shortJump(let from, let to, let offset):
      "\(from)+\(offset): a short jump to \(to) in the same section; remove its section attribute"
    }
  }
}

typealias Bodies = [TrampolineParts]

/// What was added for one procedure.
struct TrampolineParts {
  /// The local symbol at the body's start.
  var body: SymbolID
  var trampolineSection: SectionID
}

extension ObjectFile {
  /// Adds slot and trampoline of a procedure, and moves its symbols to the trampoline.
  ///
  /// A call by address takes each instruction of the trampoline: `marked` says whether it needs an
  /// `endbr64`.
  mutating func appendTrampoline(
    for procedure: ProcedureTable.Procedure, number: Int, marked: Bool
  ) -> TrampolineParts {
    let group = groups.firstIndex { $0.members.contains(procedure.section) }
    var inherited = self[procedure.section].flags.intersection(.retained)
    if group != nil { inherited.insert(.grouped) }
    let body = append(
      Symbol(
        name: procedure.name + PreparedName.bodySuffix, binding: .local, type: .function,
        place: .section(procedure.section), value: procedure.offset,
        byteCount: procedure.byteCount))
    let slot = append(
      Section(
        name: PreparedName.slotSection + procedure.name, type: .progbits,
        flags: inherited.union([.allocated, .writable]), alignment: 8,
        contents: [UInt8](repeating: 0, count: 8),
        relocations: [Relocation(offset: 0, type: .absolute64, symbol: body, addend: 0)]))
    let slotSymbol = append(
      Symbol(name: "", binding: .local, type: .section, place: .section(slot)))
    // `endbr64; notrack jmp *slot(%rip)`, or only `jmp *slot(%rip)`.
    let jump: [UInt8] = marked ? [0xF3, 0x0F, 0x1E, 0xFA, 0x3E, 0xFF, 0x25] : [0xFF, 0x25]
    let trampoline = append(
      Section(
        name: PreparedName.trampolineSection + procedure.name, type: .progbits,
        flags: inherited.union([.allocated, .executable]), alignment: 16,
        contents: jump + [0, 0, 0, 0],
        relocations: [
          Relocation(offset: UInt64(jump.count), type: .pc32, symbol: slotSymbol, addend: -4)
        ]))
    for symbol in procedure.symbols {
      self[symbol].place = .section(trampoline)
      self[symbol].value = 0
      self[symbol].byteCount = UInt64(jump.count + 4)
    }
    if let group { groups[group].members += [slot, trampoline] }
    return TrampolineParts(body: body, trampolineSection: trampoline)
  }
}
