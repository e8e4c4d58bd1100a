import TypeModel

/// How to write down a struct or union so that gcc lays it out as the program has it.
///
/// Alignment that the program asked for is not recorded, so it is made up for by padding; a type
/// is never assumed to be aligned more than its members need.
struct MemberPlan: Hashable, Sendable {
  enum Item: Hashable, Sendable {
    /// Index into the members.
    case member(Int)
    /// From bit to bit, inside one byte or from byte to byte.
    case gap(Range<Int>)
  }

  var items: [Item] = []
  var isPacked: Bool
  /// In bytes.
  var alignment = 1

  /// The plainest form that fits.
  init(_ node: TypeNode, _ catalogue: TypeCatalogue) {
    self =
      Self(node, catalogue, isPacked: false) ?? Self(node, catalogue, isPacked: true)
      ?? MemberPlan(isPacked: true)
  }

  private init(isPacked: Bool) { self.isPacked = isPacked }

  /// Lays the members out as gcc does, with gaps where the program has some; `nil` if a member
  /// would come to lie too far behind.
  private init?(_ node: TypeNode, _ catalogue: TypeCatalogue, isPacked: Bool) {
    guard let composite = catalogue[node].composite else { return nil }
    self.isPacked = isPacked
    var isUnion = false
    if case .union = catalogue[node] { isUnion = true }
    var end = 0
    var largest = 0
    for (index, member) in composite.members.enumerated() {
      let type = TypeNode(side: node.side, id: member.type)
      let alignment = isPacked ? 1 : Self.alignment(of: type, catalogue)
      let byteCount = catalogue.graph(node.side).byteCount(of: member.type)
      let unit = byteCount * 8
      self.alignment = max(self.alignment, alignment)
      var place = end
      if let width = member.bitWidth {
        let isSplit = { (bit: Int) in unit > 0 && bit % unit + width > unit }
        if !isPacked, isSplit(place) { place = place.roundedUp(to: alignment * 8) }
        if !isPacked, isSplit(member.bitOffset) { return nil }
      } else {
        place = place.roundedUp(to: alignment * 8)
        guard member.bitOffset % (alignment * 8) == 0 else { return nil }
      }
      guard member.bitOffset >= place else { return nil }
      if member.bitOffset > place { addGap(end..<member.bitOffset) }
      items.append(.member(index))
      end = member.bitOffset + (member.bitWidth ?? unit)
      largest = max(largest, end)
      if isUnion { end = 0 }
    }
    let size = composite.byteCount * 8
    let natural = largest.roundedUp(to: alignment * 8)
    guard size >= natural, composite.byteCount % alignment == 0 else { return nil }
    if size > natural { addGap((isUnion ? 0 : end)..<size) }
  }

  private mutating func addGap(_ range: Range<Int>) {
    var start = range.lowerBound
    if start % 8 != 0 {
      let border = min(start.roundedUp(to: 8), range.upperBound)
      items.append(.gap(start..<border))
      start = border
    }
    let border = range.upperBound / 8 * 8
    if start < border { items.append(.gap(start..<border)) }
    if max(start, border) < range.upperBound {
      items.append(.gap(max(start, border)..<range.upperBound))
    }
  }

  /// The alignment of the type as the header declares it, in bytes.
  static func alignment(of start: TypeNode, _ catalogue: TypeCatalogue) -> Int {
    let node = catalogue.resolved(start)
    switch catalogue[node] {
    case .void, .function, .typedef, .qualified: return 1
    case .base(_, .complexFloat, let count): return max(count / 2, 1)
    case .base(_, _, let count): return max(count, 1)
    case .pointer: return 8
    case .array(let element, _):
      return alignment(of: TypeNode(side: node.side, id: element), catalogue)
    case .enumeration(let enumeration): return max(enumeration.byteCount, 1)
    case .structure, .union: return MemberPlan(node, catalogue).alignment
    }
  }
}

extension Int {
  fileprivate func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
