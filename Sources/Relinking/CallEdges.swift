import ObjectModel
import TypeModel
import X86Code

/// Finds δ: what each procedure may call (design section 3, "The delta").
struct CallEdges<Decoder: InstructionDecoding> {
  private let index: ImageIndex
  private let decoder: Decoder
  private let tables: JumpTables
  private let pointers: FunctionPointers

  /// Library procedures that keep a procedure's address without calling it in their caller's extent.
  private let registering: Set<String> = [
    "pthread_create", "thrd_create", "sigaction", "signal", "atexit", "on_exit", "at_quick_exit",
    "pthread_key_create", "pthread_atfork", "bsd_signal", "sysv_signal", "sigset", "timer_create",
  ]

  /// - Parameters:
  ///   - image: the program, with nothing in `calls` yet.
  ///   - furtherTypes: types by unit that no procedure of it mentions.
  ///   - decoder: splits code into instructions.
  init(image: ProgramImage, furtherTypes: [[TypeID]], decoder: Decoder) {
    index = ImageIndex(image)
    self.decoder = decoder
    tables = JumpTables(index)
    pointers = FunctionPointers(image.delta, furtherTypes: furtherTypes)
  }

  private struct Found {
    var edges: Set<Delta.CallEdge> = []
    var addresses: Set<Int> = []
    var callsForeign = false
    var callsIndirectly = false
  }

  func add(to delta: inout Delta) {
    var found = delta.procedures.indices.map(scan)
    let taken = Set(found.flatMap(\.addresses)).union(addressesInData())
    for procedure in taken { delta.procedures[procedure].isAddressTaken = true }
    for number in found.indices {
      if found[number].callsForeign {
        for callee in found[number].addresses {
          found[number].edges.insert(.init(callee: callee, kind: .callback))
        }
      }
      if found[number].callsIndirectly {
        for callee in pointers.callees(of: delta.procedures[number], among: taken) {
          found[number].edges.insert(.init(callee: callee, kind: .indirect))
        }
      }
      delta.procedures[number].calls = found[number].edges.sorted {
        ($0.callee, $0.kind.rawValue) < ($1.callee, $1.kind.rawValue)
      }
    }
  }

  private func scan(_ number: Int) -> Found {
    let procedure = index.image.delta.procedures[number]
    let object = index.image.object(of: procedure.unit)
    var found = Found()
    for part in procedure.parts {
      let section = object[part.section]
      let end = part.offset + part.byteCount
      guard end <= UInt64(section.contents.count) else { continue }
      let code = Array(section.contents[Int(part.offset)..<Int(end)])
      guard let instructions = decoded(code) else {
        found.callsIndirectly = true
        continue
      }
      let relocations = section.relocations.filter { part.offset <= $0.offset && $0.offset < end }
      let fields = OperandFields(
        code: code, instructions: instructions, hasTables: tables.uses(of: number),
        tableFields: tables.fields(relocations, part, of: number, object))
      if fields.callsIndirectly { found.callsIndirectly = true }
      if part.kind == .body, fields.callsOwnStart {
        found.edges.insert(.init(callee: number, kind: .direct))
      }
      for relocation in relocations {
        let field = Int(relocation.offset - part.offset)
        let reference = index.reference(
          of: relocation, unit: procedure.unit, tail: fields.tails[field] ?? 4)
        record(reference, isBranch: fields.branches.contains(field), own: number, &found)
      }
    }
    return found
  }

  private func decoded(_ code: [UInt8]) -> [Instruction]? {
    do throws(DecodingFailure) {
      return try decoder.instructions(in: code)
    } catch {
      return nil
    }
  }

  private func record(_ reference: Reference, isBranch: Bool, own: Int, _ found: inout Found) {
    switch reference {
    case .procedure(let callee):
      if isBranch {
        found.edges.insert(.init(callee: callee, kind: .direct))
      } else {
        found.addresses.insert(callee)
      }
    case .part(let callee, _, _) where callee != own:
      found.edges.insert(.init(callee: callee, kind: .clone))
    case .foreign(let name, _):
      if isBranch, !registering.contains(name) { found.callsForeign = true }
    // `call *table+8(%rip)`.
    case .datum where isBranch, .literal where isBranch: found.callsIndirectly = true
    case .part, .datum, .literal, .absolute: break
    }
  }

  /// Procedures whose address is in the initial value of data.
  private func addressesInData() -> Set<Int> {
    var result: Set<Int> = []
    for unit in index.image.delta.units.indices {
      for section in index.image.object(of: unit).sections where section.holdsData {
        for relocation in section.relocations {
          if case .procedure(let callee) = index.reference(of: relocation, unit: unit, tail: 0) {
            result.insert(callee)
          }
        }
      }
    }
    return result
  }
}

extension Section {
  /// Whether it is loaded and neither code nor what the passes or the unwinder keep in it.
  var holdsData: Bool {
    isAllocated && !isExecutable && !name.hasPrefix(PreparedName.slotSection)
      && !name.hasPrefix(".eh_frame")
  }
}
