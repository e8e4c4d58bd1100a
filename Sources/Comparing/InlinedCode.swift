import ObjectModel
import Relinking
import VersionSpace
import X86Code

/// What a procedure's code does, split up by the procedures that were inlined into it.
///
/// Only what does not depend on where code lies is kept, so that one source inlined into two
/// neighbourhoods looks alike: operations, constants, and what relocations mean.
struct InlinedCode: Hashable, Sendable {
  /// How often each occurs, by name of the inlined procedure; "" is the procedure's own code.
  let operations: [String: [Operation: Int]]

  struct Operation: Hashable, Sendable {
    var mnemonic: Int
    var immediate: Int64?
    var meanings: [Meaning]
  }

  /// A reference in terms that both versions share.
  enum Meaning: Hashable, Sendable {
    case procedure(pair: Int, Side?)
    case clone(pair: Int)
    case datum(pair: Int, offset: Int64, Side?)
    case content([UInt8])
    case foreign(String)
    case absolute(UInt64)
  }

  /// Which version, where the two differ: a moved datum, a procedure with a new epoch.
  enum Side: Hashable, Sendable { case old, new }

  /// The inlined procedures of which the two versions' code differs, by name.
  func differences(from other: InlinedCode) -> [String] {
    Set(operations.keys).union(other.operations.keys).sorted().filter {
      operations[$0] != other.operations[$0]
    }
  }
}

/// Makes the `InlinedCode` of one version's procedures.
struct InlinedCodeReader<Decoder: InstructionDecoding> {
  let view: ProgramView
  let side: InlinedCode.Side
  let decoder: Decoder
  /// Pair of each of the version's procedures and data.
  let procedurePairs: [Int]
  let datumPairs: [Int]
  let movedData: Set<Int>
  let epochs: Set<Int>

  /// `nil` if some of the code cannot be decoded.
  func read(_ number: Int) -> InlinedCode? {
    let procedure = view.delta.procedures[number]
    let regions = procedure.inlined.flatMap { inlining in
      inlining.ranges.map { (range: $0, name: inlining.name) }
    }.sorted { $0.range.count < $1.range.count }
    var operations: [String: [InlinedCode.Operation: Int]] = [:]
    for (index, part) in procedure.parts.enumerated() {
      let code = view.image.code(of: part, unit: procedure.unit)
      guard let instructions = decoder.instructionsIfAny(in: code) else { return nil }
      var sites = view.references.parts[number][index].sites[...]
      for instruction in instructions {
        let own = sites.prefix { $0.offset < instruction.end }
        sites = sites.dropFirst(own.count)
        let address = part.address.rawValue &+ UInt64(instruction.offset)
        let owner = regions.first { $0.range.contains(address) }?.name ?? ""
        let operation = operation(instruction, own, part, unit: procedure.unit)
        operations[owner, default: [:]][operation, default: 0] += 1
      }
    }
    return InlinedCode(operations: operations)
  }

  private func operation(
    _ instruction: Instruction, _ sites: ArraySlice<ProgramReferences.Site>, _ part: Delta.Part,
    unit: Int
  ) -> InlinedCode.Operation {
    var immediate = instruction.immediate?.value
    if let field = instruction.immediate {
      let isRelocated = sites.contains { $0.offset == instruction.offset + field.offset }
      let isLine = part.lines(at: instruction.offset).contains { Int64($0) == field.value }
      if isRelocated || isLine { immediate = nil }
    }
    return InlinedCode.Operation(
      mnemonic: instruction.mnemonic, immediate: immediate,
      meanings: sites.map { meaning(of: $0.reference) })
  }

  private func meaning(of reference: Reference) -> InlinedCode.Meaning {
    switch reference {
    case .procedure(let procedure):
      let pair = procedurePairs[procedure]
      return .procedure(pair: pair, epochs.contains(pair) ? side : nil)
    case .part(let procedure, _, _): return .clone(pair: procedurePairs[procedure])
    case .datum(let datum, let offset):
      let pair = datumPairs[datum]
      return .datum(pair: pair, offset: offset, movedData.contains(pair) ? side : nil)
    case .literal(let unit, let id, let offset):
      let section = view.image.object(of: unit)[id]
      let content: [UInt8] =
        switch LiteralKind(section) {
        case .strings: section.string(at: offset).map(view.traces[unit].blanked) ?? []
        case .constants: section.entry(at: offset).map(Array.init) ?? []
        case .items:
          view.item(unit: unit, section: id, at: offset).map(view.traces[unit].blanked) ?? []
        case .whole, nil: SectionRange(section, 0, section.byteCount).maskedBytes()
        }
      return .content(content)
    case .foreign(let name, _): return .foreign(name)
    case .absolute(let value): return .absolute(value)
    }
  }
}
