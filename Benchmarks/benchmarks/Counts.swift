import Measuring

/// Instructions of programs in builds: the same in each run.
struct Counts: Sendable {
  private var counts: [Program: [Build: Double]] = [:]

  mutating func add(_ count: Double, _ program: Program, _ way: Build) {
    counts[program, default: [:]][way] = count
  }

  func millions(_ program: Program, _ way: Build) -> Value {
    .quantity((counts[program]?[way] ?? .nan) / 1e6, "million")
  }

  func change(_ program: Program, _ way: Build, over base: Build) -> Value {
    let both = (counts[program]?[way] ?? .nan, counts[program]?[base] ?? .nan)
    return .change(Estimate(exact: both.0 / both.1))
  }
}
