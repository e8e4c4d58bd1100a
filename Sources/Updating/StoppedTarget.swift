package import Unwinding
package import VersionSpace

/// A target all of whose threads are stopped, as an update needs it.
package protocol StoppedTarget: TraceeMemory, ~Copyable {
  var threads: [Int32] { get }

  func registers(of tid: Int32) throws(TraceeFailure) -> Registers

  /// Runs an mprocedure on one of the stopped threads and puts the thread back as it was.
  mutating func run(_ entry: TraceeAddress) throws(TraceeFailure) -> MapOutcome
}

/// How an mprocedure ended.
package enum MapOutcome: Hashable, Sendable {
  case returned
  case faulted(signal: Int32, at: TraceeAddress)
  case timedOut
  /// No thread could be borrowed for it now.
  case notPossible(String)
}
