import ObjectModel
import TypeModel
import X86Code

/// Finds δ: what each procedure may call (design section 3, "The delta").
struct CallEdges<Decoder: InstructionDecoding> {
  private let index: ImageIndex
  private let decoder: Decoder

  /// Library procedures that keep a procedure's address without calling it in their caller's extent.
  private let registering: Set<String> = [
    "pthread_create", "thrd_create", "sigaction", "signal", "atexit", "on_exit", "at_quick_exit",
    "pthread_key_create", "pthread_atfork", "bsd_signal", "sysv_signal", "sigset", "timer_create",
  ]

  init(image: ProgramImage, decoder: Decoder) {
    index = ImageIndex(image)
    self.decoder = decoder
  }

  private struct Found {
    var edges: Set<Delta.CallEdge> = []
    var addresses: Set<Int> = []
    var callsForeign = false
    var callsIndirectly = false
  }

  func add(to delta: inout Delta) {
    var found = delta.procedures.enumerated().map { scan($0.element, number: $0.offset) }
    var taken = Set(found.flatMap(\.addresses))
    taken.formUnion(addressesInData())
    for procedure in taken { delta.procedures[procedure].isAddressTaken = true }
    for number in found.indices {
      if found[number].callsForeign {
        for callee in found[number].addresses {
          found[number].edges.insert(.init(callee: callee, kind: .callback))
        }
      }
      if found[number].callsIndirectly {
        for callee in indirectCallees(of: number, taken) {
          found[number].edges.insert(.init(callee: callee, kind: .indirect))
        }
      }
      delta.procedures[number].calls = found[number].edges.sorted {
        ($0.callee, $0.kind.rawValue) < ($1.callee, $1.kind.rawValue)
      }
    }
  }

  private func scan(_ procedure: Delta.Procedure, number own: Int) -> Found {
    var found = Found()
    let object = index.image.object(of: procedure.unit)
    for part in procedure.parts {
      let section = object[part.section]
      let end = part.offset + part.byteCount
      guard end <= UInt64(section.contents.count) else { continue }
      let code = Array(section.contents[Int(part.offset)..<Int(end)])
      guard let instructions = decoded(code) else {
        found.callsIndirectly = true
        continue
      }
      var branches: Set<Int> = []
      var tails: [Int: Int] = [:]
      for instruction in instructions {
        note(instruction, &branches, &tails, &found)
        if instruction.flow == .call, let target = instruction.target, target == 0,
          part.kind == .body
        {
          found.edges.insert(.init(callee: own, kind: .direct))
        }
      }
      for relocation in section.relocations
      where relocation.offset >= part.offset && relocation.offset < end {
        let field = Int(relocation.offset - part.offset)
        let reference = index.reference(
          of: relocation, unit: procedure.unit, tail: tails[field] ?? 4)
        record(reference, isBranch: branches.contains(field), own: own, &found)
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

  private func note(
    _ instruction: Instruction, _ branches: inout Set<Int>, _ tails: inout [Int: Int],
    _ found: inout Found
  ) {
    if let field = instruction.displacement {
      tails[instruction.offset + field.offset] = instruction.byteCount - field.offset
    }
    switch instruction.flow {
    case .call, .jump, .conditionalJump:
      if let field = instruction.displacement { branches.insert(instruction.offset + field.offset) }
    case .indirectCall, .indirectJump:
      // `call *foreign@GOTPCREL(%rip)` names its callee by a relocation.
      if instruction.isRIPRelative, let field = instruction.displacement {
        branches.insert(instruction.offset + field.offset)
      } else {
        found.callsIndirectly = true
      }
    case .next, .return: break
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
    case .datum where isBranch: found.callsIndirectly = true
    case .part, .datum, .literal, .absolute: break
    }
  }

  /// Procedures whose address is in the initial value of data.
  private func addressesInData() -> Set<Int> {
    var result: Set<Int> = []
    for unit in index.image.delta.units.indices {
      let object = index.image.object(of: unit)
      for section in object.sections where section.isAllocated && !section.isExecutable {
        guard !section.name.hasPrefix(PreparedName.slotSection),
          !section.name.hasPrefix(".eh_frame")
        else { continue }
        for relocation in section.relocations {
          if case .procedure(let callee) = index.reference(of: relocation, unit: unit, tail: 0) {
            result.insert(callee)
          }
        }
      }
    }
    return result
  }

  /// Address-taken procedures of a type that the procedure's unit has pointers to; all of them when
  /// the unit has none, since the pointer then came without a type.
  private func indirectCallees(of number: Int, _ taken: Set<Int>) -> [Int] {
    let delta = index.image.delta
    let mentioned =
      delta.procedures[number].mentionedTypes
      + delta.data.filter { $0.unit == delta.procedures[number].unit }.map(\.type)
    var pointed: Set<String> = []
    var seen: Set<TypeID> = []
    for type in mentioned { collect(type, &pointed, &seen) }
    guard !pointed.isEmpty else { return taken.sorted() }
    return taken.sorted().filter { callee in
      pointed.contains(shape(delta.procedures[callee].prototype))
    }
  }

  /// The function types that values of `type` lead to, through members and pointers.
  private func collect(_ type: TypeID, _ pointed: inout Set<String>, _ seen: inout Set<TypeID>) {
    guard seen.insert(type).inserted else { return }
    switch index.image.delta.types[type] {
    case .pointer(let next), .array(let next, _), .typedef(_, let next), .qualified(_, let next):
      collect(next, &pointed, &seen)
    case .structure(let composite), .union(let composite):
      for member in composite.members { collect(member.type, &pointed, &seen) }
    case .function(let prototype): pointed.insert(shape(prototype))
    case .void, .base, .enumeration: break
    }
  }

  /// Sizes and kinds only: a call through a pointer of a compatible type still matches.
  private func shape(_ prototype: Prototype) -> String {
    let types = index.image.delta.types
    func kind(_ id: TypeID) -> String {
      switch types[types.underlying(id)] {
      case .void: "v"
      case .base(_, .float, let size): "f\(size)"
      case .pointer, .array, .function: "p"
      case .structure, .union: "s\(types.byteCount(of: id))"
      default: "i\(types.byteCount(of: id))"
      }
    }
    return kind(prototype.result) + "(" + prototype.parameters.map { kind($0.type) }.joined()
  }
}
