import ObjectModel
import Relinking

/// Compares what two versions' relocations mean, and literals by content.
struct ContentComparison: Sendable {
  let old: ProgramView
  let new: ProgramView
  let pairing: Pairing
  let parts: PartPairing
  private var sections: [SectionPair: Likeness] = [:]

  private struct SectionPair: Hashable {
    var oldUnit: Int
    var old: SectionID
    var newUnit: Int
    var new: SectionID
  }

  init(old: ProgramView, new: ProgramView, pairing: Pairing, parts: PartPairing) {
    self.old = old
    self.new = new
    self.pairing = pairing
    self.parts = parts
  }

  /// Adds to `likeness` how alike the meanings of two references are.
  mutating func compare(_ left: Reference, _ right: Reference, into likeness: inout Likeness) {
    switch (left, right) {
    case (.procedure(let procedure), .procedure(let newProcedure)):
      let pair = pairing.procedures.ofOld[procedure]
      guard pairing.procedures.ofNew[newProcedure] == pair else { break }
      likeness.procedures.insert(pair)
      return
    case (.part(let procedure, let part, let offset), .part(let newOne, let newPart, let newOffset)):
      let pair = pairing.procedures.ofOld[procedure]
      guard pairing.procedures.ofNew[newOne] == pair else { break }
      likeness.clones.insert(pair)
      if parts.partner(ofOld: part, pair: pair) != newPart || offset != newOffset {
        likeness.add(.clone(new.delta.procedures[newOne].name))
      }
      return
    case (.datum(let datum, let offset), .datum(let newDatum, let newOffset)):
      let pair = pairing.data.ofOld[datum]
      guard pairing.data.ofNew[newDatum] == pair, offset == newOffset else { break }
      likeness.data.insert(pair)
      return
    case (.literal(let unit, let section, let offset), .literal(let newUnit, let other, let place)):
      compareLiterals(
        SectionPair(oldUnit: unit, old: section, newUnit: newUnit, new: other), offset, place,
        into: &likeness)
      return
    case (.foreign, .foreign), (.absolute, .absolute):
      if left == right { return }
    default: break
    }
    likeness.add(.instructions)
  }

  // MARK: - Literals

  private mutating func compareLiterals(
    _ pair: SectionPair, _ offset: Int64, _ newOffset: Int64, into likeness: inout Likeness
  ) {
    let left = old.image.object(of: pair.oldUnit)[pair.old]
    let right = new.image.object(of: pair.newUnit)[pair.new]
    guard let kind = LiteralKind(left), kind == LiteralKind(right) else {
      likeness.add(.literal(right.name))
      return
    }
    switch kind {
    case .strings:
      compare(
        left.string(at: offset), right.string(at: newOffset), pair, name: right.name,
        into: &likeness)
    case .constants:
      let size = Int64(max(left.entrySize, 1))
      if left.entry(at: offset) != right.entry(at: newOffset) || offset % size != newOffset % size {
        likeness.add(.literal(right.name))
      }
    case .items:
      compare(
        old.item(unit: pair.oldUnit, section: pair.old, at: offset),
        new.item(unit: pair.newUnit, section: pair.new, at: newOffset), pair, name: right.name,
        into: &likeness)
    case .whole:
      if offset != newOffset { likeness.add(.literal(right.name)) }
      likeness.merge(compareSections(pair, left, right))
    }
  }

  private func compare(
    _ string: [UInt8]?, _ newString: [UInt8]?, _ pair: SectionPair, name: String,
    into likeness: inout Likeness
  ) {
    if string == newString { return }
    guard let string, let newString else { return likeness.add(.literal(name)) }
    if old.traces[pair.oldUnit].blanked(string) == new.traces[pair.newUnit].blanked(newString) {
      likeness.isNoisy = true
    } else {
      likeness.add(.literal(Self.excerpt(newString)))
    }
  }

  /// The text as C would write it, cut short.
  private static func excerpt(_ bytes: [UInt8]) -> String {
    var text = "\""
    for scalar in String(decoding: bytes.prefix(40), as: UTF8.self).unicodeScalars
    where scalar != "\0" {
      text += scalar == "\"" ? "\\\"" : scalar.escaped(asASCII: false)
    }
    return text + (bytes.count > 40 ? "…\"" : "\"")
  }

  private mutating func compareSections(
    _ pair: SectionPair, _ left: Section, _ right: Section
  ) -> Likeness {
    if let known = sections[pair] { return known }
    // Tables that refer to each other end here: alike unless something else differs.
    sections[pair] = Likeness()
    let likeness = compareBytes(
      SectionRange(left, 0, left.byteCount), SectionRange(right, 0, right.byteCount), pair.oldUnit,
      pair.newUnit)
    sections[pair] = likeness
    return likeness
  }

  // MARK: - Relocated bytes

  /// Compares initialised bytes with their relocations, as a whole.
  mutating func compareBytes(
    _ left: SectionRange, _ right: SectionRange, _ oldUnit: Int, _ newUnit: Int
  ) -> Likeness {
    var likeness = Likeness()
    let oldBytes = left.maskedBytes()
    let newBytes = right.maskedBytes()
    if oldBytes != newBytes {
      if left.relocations.isEmpty, right.relocations.isEmpty,
        old.traces[oldUnit].blanked(oldBytes) == new.traces[newUnit].blanked(newBytes)
      {
        likeness.isNoisy = true
      } else {
        likeness.add(.literal(right.section.name))
      }
    }
    let rightAt = Dictionary(
      right.relocations.map { ($0.offset - right.start, $0) }, uniquingKeysWith: { $1 })
    guard left.relocations.count == right.relocations.count else {
      likeness.add(.literal(right.section.name))
      return likeness
    }
    for relocation in left.relocations {
      guard let other = rightAt[relocation.offset - left.start], other.type == relocation.type
      else {
        likeness.add(.literal(right.section.name))
        continue
      }
      compareInData(relocation, oldUnit, other, newUnit, into: &likeness)
    }
    return likeness
  }

  /// Compares two relocations of data.
  mutating func compareInData(
    _ left: Relocation, _ oldUnit: Int, _ right: Relocation, _ newUnit: Int,
    into likeness: inout Likeness
  ) {
    compare(
      old.index.reference(ofData: left, unit: oldUnit),
      new.index.reference(ofData: right, unit: newUnit), into: &likeness)
  }
}

extension ImageIndex {
  /// What a relocation in data refers to.
  ///
  /// A PC-relative one is an entry of a jump table, `target - table`: its addend grows with its
  /// place in the table, which is taken off again.
  func reference(ofData relocation: Relocation, unit: Int) -> Reference {
    var relocation = relocation
    if relocation.type.isPCRelative { relocation.addend -= Int64(relocation.offset) }
    return reference(of: relocation, unit: unit, tail: 0)
  }
}
