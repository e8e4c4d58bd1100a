package import Unwinding
package import VersionSpace

/// A target all of whose threads are stopped, as an update needs it.
package protocol StoppedTarget: TraceeMemory, ~Copyable {
  var threads: [Int32] { get }

  mutating func registers(of tid: Int32) throws(TraceeFailure) -> Registers

  /// Makes all of the writes, or none of them, as far as the target can ever see: also if we die
  /// between two of them.
  mutating func writeAll(_ writes: [Injection.Write], atStep: (String) -> Void)
    throws(TraceeFailure)

  /// Runs an mprocedure on one of the stopped threads and puts the thread back as it was.
  mutating func run(_ call: MapCall) throws(TraceeFailure) -> MapOutcome
}

/// A call of an mprocedure: what runs, and the arena memory that it may use.
package struct MapCall: Hashable, Sendable, Codable {
  package var entry: TraceeAddress
  /// One past the end of its stack, 64-byte aligned.
  package var stackTop: TraceeAddress
  /// `mov $15, %eax; syscall` (rt_sigreturn) in the text arena, where it returns to.
  package var returnStub: TraceeAddress
  package init(entry: TraceeAddress, stackTop: TraceeAddress, returnStub: TraceeAddress) {
    self.entry = entry
    self.stackTop = stackTop
    self.returnStub = returnStub
  }
}

/// How an mprocedure ended.
package enum MapOutcome: Hashable, Sendable {
  case returned
  case faulted(signal: Int32, at: TraceeAddress)
  case timedOut
  /// No thread could be borrowed for it now.
  case notPossible(String)
}
