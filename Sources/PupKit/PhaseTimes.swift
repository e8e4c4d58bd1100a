import PupProtocol

/// How long the parts of preparing an update took, in the order in which they were first done.
struct PhaseTimes: Hashable, Sendable {
  private(set) var phases: [UpdateReport.Phase] = []

  /// Adds the time that `body` takes, whether or not it throws.
  mutating func measure<Value, Failure: Error>(
    _ phase: String, _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let begun = ContinuousClock.now
    defer { add(ContinuousClock.now - begun, to: phase) }
    return try body()
  }

  mutating func add(_ duration: Duration, to phase: String) {
    let microseconds = Int(duration / .microseconds(1))
    if let known = phases.firstIndex(where: { $0.name == phase }) {
      phases[known].microseconds += microseconds
    } else {
      phases.append(.init(name: phase, microseconds: microseconds))
    }
  }
}
