import ObjectModel
import Relinking
import X86Code

/// Compares the code of paired procedures.
struct CodeComparison<Decoder: InstructionDecoding> {
  let decoder: Decoder
  let parts: PartPairing
  var contents: ContentComparison

  private var old: ProgramView { contents.old }
  private var new: ProgramView { contents.new }

  init(decoder: Decoder, parts: PartPairing, contents: ContentComparison) {
    self.decoder = decoder
    self.parts = parts
    self.contents = contents
  }

  /// How alike the two versions of a procedure are, by its pair's index.
  mutating func compare(pair: Int, old left: Int, new right: Int) -> Likeness {
    var likeness = Likeness()
    let procedure = old.delta.procedures[left]
    let newProcedure = new.delta.procedures[right]
    if !parts.isComplete(pair: pair) {
      let clones = (procedure.parts + newProcedure.parts).contains { $0.kind == .clone }
      likeness.add(clones ? .clone(newProcedure.name) : .instructions)
    }
    for (number, part) in procedure.parts.enumerated() {
      guard let partner = parts.partner(ofOld: number, pair: pair) else { continue }
      compare(
        OnePart(old, left, number, part), OnePart(new, right, partner, newProcedure.parts[partner]),
        into: &likeness)
    }
    likeness.clones.remove(pair)
    return likeness
  }

  /// A part, and what is known of it.
  private struct OnePart {
    let part: Delta.Part
    let code: [UInt8]
    let masked: [UInt8]
    let sites: [ProgramReferences.Site]

    init(_ view: ProgramView, _ procedure: Int, _ number: Int, _ part: Delta.Part) {
      let unit = view.delta.procedures[procedure].unit
      self.part = part
      code = view.image.code(of: part, unit: unit)
      var masked = code
      masked.mask(view.image.relocations(of: part, unit: unit), from: part.offset)
      self.masked = masked
      sites = view.references.parts[procedure][number].sites
    }
  }

  private mutating func compare(
    _ left: OnePart, _ right: OnePart, into likeness: inout Likeness
  ) {
    let isShapeEqual =
      left.masked.count == right.masked.count
      && left.sites.elementsEqual(right.sites) { $0.isAlike($1) }
    guard isShapeEqual else { return likeness.add(.instructions) }
    if left.masked != right.masked {
      guard differsInLinesOnly(left, right) else { return likeness.add(.instructions) }
      likeness.isNoisy = true
    }
    for (site, newSite) in zip(left.sites, right.sites) {
      contents.compare(site.reference, newSite.reference, into: &likeness)
    }
  }

  /// Whether all bytes that differ belong to immediates which in both builds are the number of the
  /// source line of their instruction.
  private func differsInLinesOnly(_ left: OnePart, _ right: OnePart) -> Bool {
    guard let instructions = decoder.instructionsIfAny(in: left.code),
      let newInstructions = decoder.instructionsIfAny(in: right.code),
      instructions.count == newInstructions.count
    else { return false }
    var explained = 0
    for (instruction, other) in zip(instructions, newInstructions) {
      guard instruction.offset == other.offset, instruction.byteCount == other.byteCount else {
        return false
      }
      let range = instruction.offset..<instruction.end
      guard range.upperBound <= left.masked.count, range.lowerBound == explained else {
        return false
      }
      explained = range.upperBound
      if left.masked[range] == right.masked[range] { continue }
      guard isLine(instruction, in: left), isLine(other, in: right),
        instruction.immediate?.offset == other.immediate?.offset,
        left.masked[range].without(instruction.immediate)
          == right.masked[range].without(other.immediate)
      else { return false }
    }
    return explained == left.masked.count
  }

  private func isLine(_ instruction: Instruction, in part: OnePart) -> Bool {
    guard let immediate = instruction.immediate else { return false }
    return part.part.lines(at: instruction.offset).contains { Int64($0) == immediate.value }
  }
}

extension ProgramReferences.Site {
  /// Whether both fields lie at one place and are filled in alike.
  ///
  /// Beside equal bytes, whether a call goes through the linkage table tells only whether the
  /// compiler knew what it calls as local.
  fileprivate func isAlike(_ other: Self) -> Bool {
    func plain(_ type: RelocationType) -> RelocationType { type == .plt32 ? .pc32 : type }
    return offset == other.offset && plain(type) == plain(other.type)
  }
}

extension Delta.Part {
  /// The source lines of the instruction at `offset` from the part's start.
  ///
  /// The line table may have several rows for one instruction.
  func lines(at offset: Int) -> [Int] {
    guard let last = lines.last(where: { $0.offset <= offset })?.offset else { return [] }
    return lines.filter { $0.offset == last }.map(\.line)
  }
}

extension InstructionDecoding {
  /// The instructions of `code`, or `nil` if it cannot be decoded to its end.
  func instructionsIfAny(in code: [UInt8]) -> [Instruction]? {
    do throws(DecodingFailure) {
      return try instructions(in: code)
    } catch {
      return nil
    }
  }
}

extension ArraySlice<UInt8> {
  /// The bytes of an instruction without those of `field`.
  fileprivate func without(_ field: Instruction.Field?) -> [UInt8] {
    guard let field else { return Array(self) }
    return Array(prefix(field.offset)) + dropFirst(field.offset + field.byteCount)
  }
}
