/// Two tables whose items are being paired, one rule after the other; an item has one partner.
struct Matching: Hashable, Sendable {
  private(set) var partnerOfOld: [Int?]
  private(set) var partnerOfNew: [Int?]

  init(oldCount: Int, newCount: Int) {
    partnerOfOld = Array(repeating: nil, count: oldCount)
    partnerOfNew = Array(repeating: nil, count: newCount)
  }

  /// Items without a partner yet.
  var oldLeft: [Int] { partnerOfOld.indices.filter { partnerOfOld[$0] == nil } }
  var newLeft: [Int] { partnerOfNew.indices.filter { partnerOfNew[$0] == nil } }

  mutating func pair(_ old: Int, _ new: Int) {
    partnerOfOld[old] = new
    partnerOfNew[new] = old
  }

  /// Pairs the left-over items whose key, which `nil` keeps out, one old and one new item have.
  mutating func pairUnique<Key: Hashable>(old: (Int) -> Key?, new: (Int) -> Key?) {
    pairGroups(old: old, new: new) { $0.count == 1 && $1.count == 1 }
  }

  /// Pairs the left-over items of equal key in order, where both tables have as many of them.
  mutating func pairInOrder<Key: Hashable>(old: (Int) -> Key?, new: (Int) -> Key?) {
    pairGroups(old: old, new: new) { $0.count == $1.count }
  }

  private mutating func pairGroups<Key: Hashable>(
    old: (Int) -> Key?, new: (Int) -> Key?, where fits: ([Int], [Int]) -> Bool
  ) {
    let oldGroups = Self.groups(oldLeft, old)
    for (key, news) in Self.groups(newLeft, new) {
      guard let olds = oldGroups[key], fits(olds, news) else { continue }
      for (old, new) in zip(olds, news) { pair(old, new) }
    }
  }

  private static func groups<Key: Hashable>(_ items: [Int], _ key: (Int) -> Key?) -> [Key: [Int]] {
    var groups: [Key: [Int]] = [:]
    for item in items {
      if let key = key(item) { groups[key, default: []].append(item) }
    }
    return groups
  }
}
