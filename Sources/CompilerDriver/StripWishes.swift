/// `-s` and its like: taken out of the link, since completing needs what they drop, and done after.
package struct StripWishes: Sendable {
  package var remaining: [Argument] = []
  package var dropsSymbols = false
  package var dropsDebug = false

  package init(_ arguments: [Argument]) {
    for argument in arguments {
      switch argument {
      case .option("-s", _): dropsSymbols = true
      case .option("-Xlinker", let values) where values.contains { take($0) }: break
      case .option(let option, _) where option.hasPrefix("-Wl,"):
        let words = option.dropFirst(4).split(separator: ",").map(String.init)
        let kept = words.filter { !take($0) }
        if !kept.isEmpty { remaining.append(.option("-Wl," + kept.joined(separator: ","), [])) }
      default: remaining.append(argument)
      }
    }
    dropsDebug = dropsDebug || dropsSymbols
  }

  /// Whether a word for the linker is such a wish, which is then noticed.
  private mutating func take(_ word: String) -> Bool {
    switch word {
    case "-s", "--strip-all": dropsSymbols = true
    case "-S", "--strip-debug": dropsDebug = true
    default: return false
    }
    return true
  }
}
