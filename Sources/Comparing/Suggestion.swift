/// Finds the name that a misspelt one was probably meant to be.
package enum Suggestion {
  /// The nearest of `names` by edit distance, if it is near enough to be worth saying.
  package static func nearest(to word: String, among names: some Sequence<String>) -> String? {
    let limit = max(1, word.count / 3)
    var best: (distance: Int, name: String)?
    for name in names where abs(name.count - word.count) <= limit {
      let distance = distance(word, name)
      guard distance <= limit else { continue }
      if let known = best, (known.distance, known.name) <= (distance, name) { continue }
      best = (distance, name)
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
  package static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let isSame = left[row] == right[column]
        var cost = min(
          previous[column] + (isSame ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, before[column - 1] + 1)
        }
        current.append(cost)
      }
      before = previous
      previous = current
    }
    return previous[right.count]
  }
}
