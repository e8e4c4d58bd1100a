package import Tracee
package import Updating
package import VersionSpace

extension StoppedProcess: StoppedTarget {
  /// How long one mprocedure may take.
  private static let mapLimit = Duration.seconds(2)

  package mutating func writeAll(
    _ writes: [Injection.Write], atStep: (String) -> Void
  ) throws(TraceeFailure) {
    try writeAll(writes.map { ($0.address, $0.bytes) }, atStep: atStep)
  }

  package mutating func run(_ call: MapCall) throws(TraceeFailure) -> MapOutcome {
    let outcome = try self.call(
      call.entry, stackTop: call.stackTop, returnStub: call.returnStub,
      limit: StoppedProcess.mapLimit)
    switch outcome {
    case .returned: return .returned
    case .faulted(let signal, let place): return .faulted(signal: signal, at: place)
    case .timedOut: return .timedOut
    case .noThread: return .notPossible("no thread is stopped so that it can be borrowed")
    }
  }
}
