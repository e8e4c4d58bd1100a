/// A value with the interval that holds it with 95% confidence.
package struct Estimate: Hashable, Sendable, Codable {
  package var value: Double
  package var low: Double
  package var high: Double

  package init(_ value: Double, _ low: Double, _ high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }

  /// What was counted, not sampled.
  package init(exact value: Double) { self.init(value, value, value) }

  package var isExact: Bool { low == high }
}

/// What is computed from samples, with the same result each time.
package enum Statistics {
  /// The value that a share of the samples does not exceed, between neighbours by proportion.
  ///
  /// - Parameters:
  ///   - share: from 0 to 1; 0.5 is the median.
  ///   - samples: in any order.
  /// - Returns: NaN if there are none.
  package static func quantile(_ share: Double, of samples: [Double]) -> Double {
    let sorted = samples.sorted()
    guard let last = sorted.indices.last else { return .nan }
    let place = min(max(share, 0), 1) * Double(last)
    let below = Int(place)
    let above = min(below + 1, last)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }

  package static func median(_ samples: [Double]) -> Double { quantile(0.5, of: samples) }

  /// The median, with the interval that drawing the samples again gives it.
  package static func medianEstimate(of samples: [Double], draws: Int = 2000) -> Estimate {
    estimate(rounds: samples.count, draws: draws) { chosen in
      median(chosen.map { samples[$0] })
    }
  }

  /// How many times as much the median of `samples` is as that of `base`.
  ///
  /// The interval comes from drawing whole rounds again, with both of their samples, so that what
  /// slowed a round down counts on both sides.
  ///
  /// - Parameters:
  ///   - samples: one of each round.
  ///   - base: of the same rounds, in the same order.
  ///   - draws: how often the rounds are drawn again.
  /// - Returns: the ratio with its interval.
  package static func ratioOfMedians(
    _ samples: [Double], over base: [Double], draws: Int = 2000
  ) -> Estimate {
    precondition(samples.count == base.count, "a ratio needs both sides of each round")
    return estimate(rounds: samples.count, draws: draws) { chosen in
      median(chosen.map { samples[$0] }) / median(chosen.map { base[$0] })
    }
  }

  /// The percentile bootstrap of a statistic of rounds.
  private static func estimate(
    rounds: Int, draws: Int, _ statistic: ([Int]) -> Double
  ) -> Estimate {
    let value = statistic(Array(0..<rounds))
    guard rounds > 1 else { return Estimate(exact: value) }
    var dice = Dice(seed: 1)
    let drawn = (0..<draws).map { _ in
      statistic((0..<rounds).map { _ in dice.roll(below: rounds) })
    }
    return Estimate(value, quantile(0.025, of: drawn), quantile(0.975, of: drawn))
  }
}

/// Numbers that look random and are the same in each run (SplitMix64).
package struct Dice: Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// A number from 0 to `bound` - 1.
  package mutating func roll(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
