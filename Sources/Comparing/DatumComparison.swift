import ObjectModel
import Relinking

/// How alike the two versions of a datum are: type, place and initial content.
struct DatumLikeness: Hashable, Sendable {
  var isSameType = false
  var isConstantInOld = false
  var isConstantInNew = false
  var isThreadLocal = false
  /// Elements whose initial value differs whatever happens to the rest of the program.
  var elements: [DatumChange.Element] = []
  /// Pointers that are initialised alike, as long as what they point to stays where it is.
  var pointers: [Pointer] = []
  var isNoisy = false

  struct Pointer: Hashable, Sendable {
    var element: DatumChange.Element
    var likeness: Likeness
  }

  var isConstant: Bool { isConstantInOld && isConstantInNew }
}

/// Compares the initial contents of paired data.
struct DatumComparison {
  let types: TypeComparison
  var contents: ContentComparison

  private var old: ProgramView { contents.old }
  private var new: ProgramView { contents.new }

  init(types: TypeComparison, contents: ContentComparison) {
    self.types = types
    self.contents = contents
  }

  /// How alike two data are, by their indices in the deltas.
  mutating func compare(old left: Int, new right: Int) -> DatumLikeness {
    let datum = old.delta.data[left]
    let newDatum = new.delta.data[right]
    var likeness = DatumLikeness()
    likeness.isSameType =
      types.areSame(datum.type, newDatum.type) && datum.byteCount == newDatum.byteCount
    likeness.isThreadLocal = datum.isThreadLocal || newDatum.isThreadLocal
    let range = Self.range(of: datum, in: old)
    let newRange = Self.range(of: newDatum, in: new)
    likeness.isConstantInOld = range?.section.isConstant ?? false
    likeness.isConstantInNew = newRange?.section.isConstant ?? false
    guard likeness.isSameType, datum.isThreadLocal == newDatum.isThreadLocal else {
      likeness.isSameType = false
      return likeness
    }
    compareBytes(range, newRange, datum, newDatum, into: &likeness)
    comparePointers(range, newRange, datum, newDatum, into: &likeness)
    likeness.elements = Self.joined(likeness.elements)
    return likeness
  }

  /// The elements of a whole datum, for `reset`: the new initial value, pointer by pointer.
  func wholeDatum(old left: Int, new right: Int) -> [DatumChange.Element] {
    let datum = old.delta.data[left]
    let newDatum = new.delta.data[right]
    let count = Int(min(datum.byteCount, newDatum.byteCount))
    let range = Self.range(of: datum, in: old)
    let newRange = Self.range(of: newDatum, in: new)
    let pointers = Self.pointerOffsets(range).union(Self.pointerOffsets(newRange)).sorted()
    var elements: [DatumChange.Element] = []
    var place = 0
    for pointer in pointers where pointer >= place && pointer + 8 <= count {
      if place < pointer { elements.append(element(place..<pointer, range, newRange, false)) }
      elements.append(element(pointer..<pointer + 8, range, newRange, true))
      place = pointer + 8
    }
    if place < count { elements.append(element(place..<count, range, newRange, false)) }
    return elements.map { element in
      var element = element
      element.isForced = true
      return element
    }
  }

  private static func range(of datum: Delta.Datum, in view: ProgramView) -> SectionRange? {
    datum.section.map {
      SectionRange(view.image.object(of: datum.unit)[$0], datum.offset, Int(datum.byteCount))
    }
  }

  private mutating func compareBytes(
    _ left: SectionRange?, _ right: SectionRange?, _ datum: Delta.Datum, _ newDatum: Delta.Datum,
    into likeness: inout DatumLikeness
  ) {
    let count = Int(datum.byteCount)
    let zeroes = { [UInt8](repeating: 0, count: count) }
    if left?.section.type == .nobits, right?.section.type == .nobits { return }
    let bytes = left?.maskedBytes() ?? zeroes()
    let newBytes = right?.maskedBytes() ?? zeroes()
    if bytes == newBytes { return }
    let hasPointers = !(left?.relocations.isEmpty ?? true) || !(right?.relocations.isEmpty ?? true)
    if !hasPointers,
      old.traces[datum.unit].blanked(bytes) == new.traces[newDatum.unit].blanked(newBytes)
    {
      likeness.isNoisy = true
      return
    }
    let layout = ElementLayout(graph: new.delta.types)
    var place = 0
    while place < count {
      guard bytes[place] != newBytes[place] else {
        place += 1
        continue
      }
      let range = layout.element(at: place, in: newDatum.type).clamped(to: 0..<count)
      likeness.elements.append(element(range, left, right, false))
      place = max(range.upperBound, place + 1)
    }
  }

  private mutating func comparePointers(
    _ left: SectionRange?, _ right: SectionRange?, _ datum: Delta.Datum, _ newDatum: Delta.Datum,
    into likeness: inout DatumLikeness
  ) {
    let count = Int(datum.byteCount)
    for offset in Self.pointerOffsets(left).union(Self.pointerOffsets(right)).sorted() {
      let range = offset..<min(offset + 8, count)
      let element = element(range, left, right, true)
      guard let relocation = left?.relocation(at: offset),
        let newRelocation = right?.relocation(at: offset), relocation.type == newRelocation.type
      else {
        likeness.elements.append(element)
        continue
      }
      var alike = Likeness()
      contents.compareInData(
        relocation, datum.unit, newRelocation, newDatum.unit, into: &alike)
      if alike.isEqual {
        likeness.isNoisy = likeness.isNoisy || alike.isNoisy
        likeness.pointers.append(DatumLikeness.Pointer(element: element, likeness: alike))
      } else {
        likeness.elements.append(element)
      }
    }
  }

  private func element(
    _ range: Range<Int>, _ left: SectionRange?, _ right: SectionRange?, _ isRelocated: Bool
  ) -> DatumChange.Element {
    DatumChange.Element(
      offset: UInt64(range.lowerBound), oldBytes: left?.bytes(range) ?? Self.zeroes(range),
      newBytes: right?.bytes(range) ?? Self.zeroes(range), isRelocated: isRelocated)
  }

  private static func zeroes(_ range: Range<Int>) -> [UInt8] {
    Array(repeating: 0, count: range.count)
  }

  /// From the start of the datum.
  private static func pointerOffsets(_ range: SectionRange?) -> Set<Int> {
    guard let range else { return [] }
    return Set(range.relocations.map { Int($0.offset - range.start) })
  }

  /// By offset, bit-fields that share a byte as one.
  private static func joined(_ elements: [DatumChange.Element]) -> [DatumChange.Element] {
    var result: [DatumChange.Element] = []
    for element in elements.sorted(by: { $0.offset < $1.offset }) {
      guard let last = result.last, element.offset < last.offset + UInt64(last.newBytes.count)
      else {
        result.append(element)
        continue
      }
      let shared = Int(last.offset + UInt64(last.newBytes.count) - element.offset)
      result[result.count - 1].oldBytes += element.oldBytes.dropFirst(shared)
      result[result.count - 1].newBytes += element.newBytes.dropFirst(shared)
    }
    return result
  }
}

extension SectionRange {
  /// The relocation at `offset` from the start of the range.
  fileprivate func relocation(at offset: Int) -> Relocation? {
    let place = start + UInt64(offset)
    return section.relocations.within(place..<place + 1).first
  }

  /// The initial bytes at offsets from the start of the range.
  fileprivate func bytes(_ range: Range<Int>) -> [UInt8] {
    guard section.type != .nobits else { return Array(repeating: 0, count: range.count) }
    return Array(
      section.contents[Int(start) + range.lowerBound..<Int(start) + range.upperBound])
  }
}
