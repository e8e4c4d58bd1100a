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
    let tableOwner = procedures.owner(ofSectionNamed: object[id].name)
    let isJumpTable = tableOwner != nil && object[id].name.hasPrefix(".rodata.")
    for index in object[id].relocations.indices {
      let relocation = object[id].relocations[index]
      guard let named = target(of: relocation, tail: 0, in: object) else { continue }
      let isOwn = isJumpTable && named.procedure == tableOwner
      guard named.isStart, !isOwn,
        relocation.type.fieldByteCount == 8 || !relocation.type.isPCRelative
      else {
        object[id].relocations[index] = inBody(relocation, named, object)
        continue
      }
      object[id].relocations[index] = toTrampoline(relocation, named, tail: 0)
      counts.addresses += 1
    }
  }

  private mutating func rewriteCode(
    _ id: SectionID, _ object: inout ObjectFile
  ) throws(RewriteFailure) {
    let inSection = procedures.procedures(in: id)
    let owner = procedures.owner(ofSectionNamed: object[id].name)
    let instructions = try decode(id, inSection, object)
    var synthesised: [Relocation] = []
    let fields = Set(object[id].relocations.map(\.offset))
    for index in object[id].relocations.indices {
      let relocation = object[id].relocations[index]
      let instruction = instructions.fields[relocation.offset]
      let tail = instruction.map { Int64($0.end) - Int64(relocation.offset) } ?? 4
      guard let named = target(of: relocation, tail: tail, in: object) else { continue }
      let container = instruction?.procedure ?? owner
      let isBranch = instruction.map { $0.isBranch } ?? false
      guard named.isStart, !(isBranch && container == named.procedure && named.isBySection) else {
        object[id].relocations[index] = inBody(relocation, named, object)
        continue
      }
      object[id].relocations[index] = toTrampoline(relocation, named, tail: tail)
      if isBranch { counts.calls += 1 } else { counts.addresses += 1 }
    }
    for reference in instructions.references where !fields.contains(reference.field) {
      guard let callee = procedures.starting(in: id, at: reference.target) else { continue }
      if reference.isBranch, callee == reference.procedure { continue }
      guard reference.fieldByteCount == 4 else {
        throw .shortJump(
          from: procedures.all[reference.procedure].name, to: procedures.all[callee].name,
          atByte: Int(reference.field - procedures.all[reference.procedure].offset))
      }
      synthesised.append(
        Relocation(
          offset: reference.field, type: reference.isBranch ? .plt32 : .pc32,
          symbol: procedures.all[callee].symbols[0],
          addend: Int64(reference.field) - Int64(reference.end)))
    }
    counts.synthesised += synthesised.count
    object[id].relocations = (object[id].relocations + synthesised).sorted { $0.offset < $1.offset }
  }

  /// What a relocation names, if that lies in a procedure's body or is a procedure's symbol.
  private struct Named {
    var procedure: Int
    var isStart: Bool
    /// Through a section symbol (or another local one), not through the procedure's own.
    var isBySection: Bool
  }

  private func target(
    of relocation: Relocation, tail: Int64, in object: ObjectFile
  ) -> Named? {
    guard let symbol = relocation.symbol else { return nil }
    let distance = relocation.addend + (relocation.type.isPCRelative ? tail : 0)
    if let procedure = procedures.procedure(of: symbol) {
      return Named(procedure: procedure, isStart: distance == 0, isBySection: false)
    }
    guard object[symbol].type == .section || object[symbol].name.hasPrefix(".L"),
      case .section(let section) = object[symbol].place
    else { return nil }
    let offset = Int64(object[symbol].value) + distance
    guard offset >= 0, let procedure = procedures.starting(in: section, at: UInt64(offset)) else {
      return nil
    }
    return Named(procedure: procedure, isStart: true, isBySection: true)
  }

  private func toTrampoline(_ relocation: Relocation, _ named: Named, tail: Int64) -> Relocation {
    guard named.isBySection else { return relocation }
    var result = relocation
    result.symbol = procedures.all[named.procedure].symbols[0]
    result.addend = relocation.type.isPCRelative ? -tail : 0
    return result
  }

  /// Keeps a reference into the body where it is, now that the symbol has moved.
  private func inBody(_ relocation: Relocation, _ named: Named, _ object: ObjectFile) -> Relocation
  {
    guard !named.isBySection else { return relocation }
    var result = relocation
    result.symbol = bodies[named.procedure].body
    return result
  }
}
