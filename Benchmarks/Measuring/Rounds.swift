/// Samples of several contenders, taken in turn (A B C A B C).
///
/// What the machine does meanwhile falls on all of them, so that they can be compared.
package struct Rounds<Contender: Hashable & Sendable>: Sendable {
  package private(set) var samples: [Contender: [Double]] = [:]

  package init() {}

  /// Samples each contender once in each round.
  ///
  /// - Parameters:
  ///   - count: of the rounds.
  ///   - contenders: in the order of each round.
  ///   - sample: measures one contender once.
  /// - Throws: what `sample` throws.
  package init<Failure: Error>(
    _ count: Int, _ contenders: [Contender],
    sample: (Contender) throws(Failure) -> Double
  ) throws(Failure) {
    for _ in 0..<count {
      for contender in contenders { add(try sample(contender), of: contender) }
    }
  }

  package mutating func add(_ sample: Double, of contender: Contender) {
    samples[contender, default: []].append(sample)
  }

  /// The median of what `contender` took.
  package func median(of contender: Contender) -> Double {
    Statistics.median(samples[contender] ?? [])
  }

  /// How much more `contender` took than `base`, of the same rounds.
  package func ratio(_ contender: Contender, over base: Contender) -> Estimate {
    Statistics.ratioOfMedians(samples[contender] ?? [], over: samples[base] ?? [])
  }
}
