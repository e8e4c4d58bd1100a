import Foundation

/// Where values lie on a picture, and what is written beside them.
struct Axis {
  let low: Double
  let high: Double
  let ticks: [Double]
  private let isLogarithmic: Bool

  /// A linear axis that holds 0 and all `values`, with ticks at round numbers.
  init(linear values: [Double]) {
    let finite = values.filter(\.isFinite) + [0]
    let least = finite.min() ?? 0
    let most = finite.max() ?? 0
    let span = max(most - least, 1e-9)
    let rough = span / 5
    let size = pow(10, floor(log10(rough)))
    let step = size * ([1.0, 2, 5].first { $0 * size >= rough } ?? 10)
    let first = floor(least / step)
    let last = max(ceil(most / step), first + 1)
    low = first * step
    high = last * step
    ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
    isLogarithmic = false
  }

  /// A logarithmic axis of whole decades that hold all `values` above 0.
  init(logarithmic values: [Double]) {
    let usable = values.filter { $0 > 0 && $0.isFinite }
    let first = floor(log10(usable.min() ?? 1))
    let last = max(ceil(log10(usable.max() ?? 10)), first + 1)
    low = pow(10, first)
    high = pow(10, last)
    ticks = (Int(first)...Int(last)).map { pow(10, Double($0)) }
    isLogarithmic = true
  }

  /// From 0 at `low` to 1 at `high`.
  func share(_ value: Double) -> Double {
    guard isLogarithmic else { return (value - low) / (high - low) }
    return (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low))
  }

  func x(_ value: Double) -> Double {
    Drawing.left + share(value) * (Drawing.right - Drawing.left)
  }

  func y(_ value: Double) -> Double {
    Drawing.bottom - share(value) * (Drawing.bottom - Drawing.top)
  }

  static func label(_ value: Double) -> String {
    if abs(value) >= 1e6 { return String(format: "%gM", value / 1e6) }
    if abs(value) >= 1e4 { return String(format: "%gk", value / 1e3) }
    return String(format: "%g", abs(value) < 1e-12 ? 0 : value)
  }
}
