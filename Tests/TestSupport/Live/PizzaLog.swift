/// What the pizza program printed, as pizzas.
package struct PizzaLog: Sendable {
  package struct Pizza: Sendable {
    package var number: Int
    /// Version of the recipe that each line shows: begins, oven, mixture, baking, complete.
    ///
    /// The last pizza may have fewer.
    package var versions: [Int] = []

    package var isComplete: Bool { versions.count == 5 }
    /// Whether all of it is of one version.
    package var isPure: Bool { Set(versions).count <= 1 }
  }

  package private(set) var pizzas: [Pizza] = []
  /// Every line that does not belong where it stands.
  package private(set) var faults: [String] = []

  package init(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: true).dropLast(
      text.hasSuffix("\n") ? 0 : 1)
    {
      read(String(line))
    }
  }

  /// Complete pizzas that mix two recipes.
  package var mixed: [Pizza] { pizzas.filter { !$0.isPure } }

  private mutating func read(_ line: String) {
    guard let (step, number, version) = Self.parse(line) else {
      faults.append("unknown line: \(line)")
      return
    }
    if step == 0 {
      if let last = pizzas.last, !last.isComplete || last.number + 1 != number {
        faults.append("pizza \(number) follows pizza \(last.number): \(line)")
      }
      pizzas.append(Pizza(number: number))
    }
    guard let last = pizzas.indices.last, pizzas[last].number == number,
      pizzas[last].versions.count == step
    else {
      faults.append("out of order: \(line)")
      return
    }
    pizzas[last].versions.append(version)
  }

  /// The step (0 to 4), the pizza's number and the recipe's version that a line shows.
  private static func parse(_ line: String) -> (step: Int, number: Int, version: Int)? {
    let isThick = line.contains("TC pizza ")
    let words = line.split(separator: " ")
    let version = isThick ? 2 : 1
    func number(after word: Substring) -> Int? {
      words.lastIndex(of: word).flatMap { $0 + 1 < words.count ? Int(words[$0 + 1]) : nil }
    }
    if line.hasSuffix(" preparation begins..."), let number = number(after: "number") {
      return (0, number, version)
    }
    if line.hasSuffix(" preparation complete"), let number = number(after: "number") {
      return (4, number, version)
    }
    guard let pizza = number(after: "pizza") else { return nil }
    if line.hasPrefix("oven pre-heated to \(isThick ? 475 : 400) degrees Fahrenheit for ") {
      return (1, pizza, version)
    }
    if line.hasSuffix("contains \(isThick ? thick : thin)") { return (2, pizza, version) }
    if line.hasSuffix("baked for \(isThick ? 15 : 10) minutes") { return (3, pizza, version) }
    return nil
  }

  private static let thin = "0.75 lb dough, 0.25 lb meat, 0.25 lb veggies, 0.50 lb cheese"
  private static let thick = "1.25 lb dough, 0.50 lb meat, 0.50 lb veggies, 1.00 lb cheese"
}
