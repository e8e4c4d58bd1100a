import Measuring
import Testing

/// What the benchmarks compute from samples.
@Suite struct StatisticsTests {
  @Test func `a quantile lies between its neighbours by proportion`() {
    #expect(Statistics.median([3, 1, 2]) == 2)
    #expect(Statistics.median([4, 1, 3, 2]) == 2.5)
    #expect(Statistics.quantile(0, of: [5, 7, 6]) == 5)
    #expect(Statistics.quantile(1, of: [5, 7, 6]) == 7)
    #expect(Statistics.quantile(0.9, of: (0...10).map(Double.init)) == 9)
    #expect(Statistics.quantile(0.25, of: [0, 10]) == 2.5)
    #expect(Statistics.median([]).isNaN)
  }

  @Test func `a ratio of equal rounds is certain, however much the rounds differ`() {
    let base = [1.0, 5, 2, 9, 4, 3, 8]
    let ratio = Statistics.ratioOfMedians(base.map { $0 * 2 }, over: base)
    #expect(ratio == Estimate(2, 2, 2) && ratio.isExact)
  }

  @Test func `a single round has no interval`() {
    #expect(Statistics.ratioOfMedians([3], over: [2]) == Estimate(exact: 1.5))
  }

  /// The middle of 3 draws of {1, 2, 10}: 1 and 10 come in 7 of 27 cases each, far more than 2.5%.
  @Test func `the interval of few samples reaches from the least to the greatest`() {
    #expect(Statistics.medianEstimate(of: [2, 10, 1]) == Estimate(2, 1, 10))
  }

  /// By theory, the median of 101 draws from 1...101 has a standard deviation of about 5.
  @Test func `the interval of many samples has the width of theory, and narrows`() {
    let few = Statistics.medianEstimate(of: (1...101).map(Double.init))
    #expect(few.value == 51)
    #expect((38...44).contains(few.low) && (58...64).contains(few.high), "\(few)")
    let many = Statistics.medianEstimate(of: (1...1001).map { Double($0) / 10 }, draws: 500)
    #expect(many.high - many.low < (few.high - few.low) / 2, "\(many)")
  }

  /// Noise of ±10% around a difference of 5%, in other rounds for the two: 95% of the intervals hold it.
  @Test func `intervals hold the truth about as often as they say`() {
    var dice = Dice(seed: 7)
    func noisy(_ centre: Double) -> Double {
      let steps = (0..<4).map { _ in Double(dice.roll(below: 1001)) / 1000 - 0.5 }
      return centre * (1 + 0.1 * steps.reduce(0, +))
    }
    var held = 0
    for _ in 0..<200 {
      let base = (0..<21).map { _ in noisy(1) }
      let other = (0..<21).map { _ in noisy(1.05) }
      let ratio = Statistics.ratioOfMedians(other, over: base, draws: 200)
      if (ratio.low...ratio.high).contains(1.05) { held += 1 }
    }
    #expect((180...200).contains(held), "\(held) of 200")
  }

  @Test func `contenders are measured in turn`() {
    var order: [String] = []
    let rounds = Rounds(3, ["A", "B"]) { contender in
      order.append(contender)
      return contender == "A" ? 2 : Double(order.count)
    }
    #expect(order == ["A", "B", "A", "B", "A", "B"])
    #expect(rounds.samples == ["A": [2, 2, 2], "B": [2, 4, 6]])
    #expect(rounds.median(of: "B") == 4)
    #expect(rounds.ratio("B", over: "A") == Estimate(2, 1, 3))
  }
}
