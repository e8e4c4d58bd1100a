import ObjectModel
import X86Code

/// Makes every reference to a procedure's start mean its trampoline, and nothing else.
struct Retargeting<Decoder: InstructionDecoding> {
  let procedures: ProcedureTable
  let bodies: Bodies
  let decoder: Decoder
  var counts = RewriteCounts()

  init(procedures: ProcedureTable, bodies: Bodies, decoder: Decoder) {
    self.procedures = procedures
    self.bodies = bodies
    self.decoder = decoder
  }

  mutating func run(on object: inout ObjectFile) throws(RewriteFailure) {
    let ours = Set(bodies.map(\.trampolineSection))
    for id in object.sectionIDs {
      let section = object[id]
      guard !ours.contains(id), !section.name.hasPrefix(PreparedName.slotSection) else { continue }
      if section.isAllocated, section.isExecutable {
        try rewriteCode(id, &object)
      } else if Self.describesCode(section) {
        toBodies(id, &object)
      } else {
        rewriteData(id, &object)
      }
    }
  }

  /// Sections that describe where bodies are and must go on doing so.
  private static func describesCode(_ section: Section) -> Bool {
    !section.isAllocated || section.name.hasPrefix(".eh_frame")
      || section.name.hasPrefix(".gcc_except_table")
      || section.name == "__patchable_function_entries"
  }

  private func toBodies(_ id: SectionID, _ object: inout ObjectFile) {
    for index in object[id].relocations.indices {
      guard let symbol = object[id].relocations[index].symbol,
        let procedure = procedures.procedure(of: symbol)
      else { continue }
      object[id].relocations[index].symbol = bodies[procedure].body
    }
  }

  private mutating func rewriteData(_ id: SectionID, _ object: inout ObjectFile) {
    let tableOwner = procedures.owner(ofTablesIn: object[id].name)
    for index in object[id].relocations.indices {
      let relocation = object[id].relocations[index]
      guard let named = target(of: relocation, tail: 0, in: object) else { continue }
      if named.isBySection {
        // The compiler writes jump tables by section: as distances, or into its own `.rodata.P`.
        guard !relocation.type.isPCRelative, named.procedure != tableOwner else { continue }
      } else if !named.isStart, !relocation.type.isPCRelative {
        object[id].relocations[index].symbol = bodies[named.procedure].body
        continue
      }
      object[id].relocations[index] = toTrampoline(relocation, named, tail: 0)
      counts.addresses += 1
    }
  }

  private mutating func rewriteCode(
    _ id: SectionID, _ object: inout ObjectFile
  ) throws(RewriteFailure) {
    let instructions = try decode(id, object[id])
    let synthesised = try missingRelocations(instructions, id, object[id])
    for index in object[id].relocations.indices {
      let relocation = object[id].relocations[index]
      let operand = instructions.fields[relocation.offset]
      let tail = operand.map { Int64($0.end) - Int64(relocation.offset) } ?? 4
      guard let named = target(of: relocation, tail: tail, in: object) else { continue }
      let isBranch = operand?.isBranch ?? false
      guard named.isStart else {
        object[id].relocations[index].symbol = bodies[named.procedure].body
        continue
      }
      // A jump of P, or of its cold part, to the body's own first instruction.
      if isBranch, named.isBySection, operand?.procedure == named.procedure { continue }
      object[id].relocations[index] = toTrampoline(relocation, named, tail: tail)
      if isBranch { counts.calls += 1 } else { counts.addresses += 1 }
    }
    counts.synthesised += synthesised.count
    object[id].relocations.append(contentsOf: synthesised)
    object[id].relocations.sort { $0.offset < $1.offset }
  }

  /// Relocations for the references to a procedure's start that the assembler resolved by itself.
  private func missingRelocations(
    _ instructions: DecodedSection, _ id: SectionID, _ section: Section
  ) throws(RewriteFailure) -> [Relocation] {
    var known = Set(section.relocations.map(\.offset))
    for reference in instructions.references where reference.isBranch {
      // A loop to the first instruction, or recursion. Pieces of assembly code may overlap, so the
      // field may be listed again as one of a piece around this one.
      guard let own = reference.piece.procedure else { continue }
      if procedures.starting(in: id, at: reference.target) == own { known.insert(reference.field) }
    }
    var result: [Relocation] = []
    for reference in instructions.references {
      guard let callee = procedures.starting(in: id, at: reference.target),
        known.insert(reference.field).inserted
      else { continue }
      guard reference.fieldByteCount == 4 else {
        throw .shortJump(
          from: reference.piece.name, to: procedures.all[callee].name,
          atByte: Int(reference.field - reference.piece.offset))
      }
      result.append(
        Relocation(
          offset: reference.field, type: reference.isBranch ? .plt32 : .pc32,
          symbol: procedures.all[callee].symbols[0],
          addend: Int64(reference.field) - Int64(reference.end)))
    }
    return result
  }

  /// What a relocation names, if that is a procedure's symbol or the start of its body.
  private struct Named {
    var procedure: Int
    var isStart: Bool
    /// Through a section symbol or a local label, not through the procedure's own.
    var isBySection: Bool
  }

  private func target(
    of relocation: Relocation, tail: Int64, in object: ObjectFile
  ) -> Named? {
    guard let symbol = relocation.symbol else { return nil }
    let distance = relocation.addend &+ (relocation.type.isPCRelative ? tail : 0)
    if let procedure = procedures.procedure(of: symbol) {
      return Named(procedure: procedure, isStart: distance == 0, isBySection: false)
    }
    guard object[symbol].type == .section || object[symbol].type == .none,
      object[symbol].binding == .local, case .section(let section) = object[symbol].place
    else { return nil }
    let offset = object[symbol].value &+ UInt64(bitPattern: distance)
    return procedures.starting(in: section, at: offset).map {
      Named(procedure: $0, isStart: true, isBySection: true)
    }
  }

  private func toTrampoline(_ relocation: Relocation, _ named: Named, tail: Int64) -> Relocation {
    guard named.isBySection else { return relocation }
    var result = relocation
    result.symbol = procedures.all[named.procedure].symbols[0]
    result.addend = relocation.type.isPCRelative ? -tail : 0
    return result
  }
}
