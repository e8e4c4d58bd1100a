import Relinking

/// Which part of a procedure is which part of its other version.
struct PartPairing: Hashable, Sendable {
  /// By procedure pair, then by old part; `nil` where the new version has no such part.
  private let partners: [[Int?]]
  /// By procedure pair: whether both versions have the same parts.
  private let isComplete: [Bool]

  init(old: Delta, new: Delta, pairing: Pairing) {
    var partners: [[Int?]] = []
    var isComplete: [Bool] = []
    for pair in pairing.procedures.pairs {
      guard let left = pair.old, let right = pair.new else {
        partners.append([])
        isComplete.append(false)
        continue
      }
      let matching = Self.match(old.procedures[left], new.procedures[right])
      partners.append(matching.partnerOfOld)
      isComplete.append(matching.oldLeft.isEmpty && matching.newLeft.isEmpty)
    }
    self.partners = partners
    self.isComplete = isComplete
  }

  func partner(ofOld part: Int, pair: Int) -> Int? {
    partners[pair].indices.contains(part) ? partners[pair][part] : nil
  }

  /// Whether each part of either version has a partner.
  func isComplete(pair: Int) -> Bool { isComplete[pair] }

  private static func match(_ old: Delta.Procedure, _ new: Delta.Procedure) -> Matching {
    var matching = Matching(oldCount: old.parts.count, newCount: new.parts.count)
    for name in [fullName, plainName] {
      matching.pairUnique(old: { name(old.parts[$0]) }, new: { name(new.parts[$0]) })
    }
    return matching
  }

  private static func fullName(_ part: Delta.Part) -> String {
    part.kind == .body ? "" : part.symbol
  }

  /// Without the compiler's numbers: `turn.isra.0` and `turn.isra.1` are one clone.
  private static func plainName(_ part: Delta.Part) -> String {
    if part.kind == .body { return "" }
    return part.symbol.split(separator: ".").filter { Int($0) == nil }.joined(separator: ".")
  }
}
