extension RandomAccessCollection {
  /// The first index whose element `belongsAfter` says true of, where those it is true of are all
  /// behind those it is not; `endIndex` if there is none.
  ///
  /// Looks at ⌈log₂ n⌉ elements at most.
  @inlinable package func partitioningIndex(where belongsAfter: (Element) -> Bool) -> Index {
    var low = startIndex
    var remaining = count
    while remaining > 0 {
      let half = remaining / 2
      let middle = index(low, offsetBy: half)
      if belongsAfter(self[middle]) {
        remaining = half
      } else {
        low = index(after: middle)
        remaining -= half + 1
      }
    }
    return low
  }
}
