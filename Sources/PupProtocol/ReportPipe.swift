import CSocket
import Glibc

/// A pipe through which a pup that is being started tells how that went.
package struct ReportPipe: ~Copyable {
  private let reading: Descriptor
  private var writing: Descriptor?

  package init() throws(TalkFailure) {
    var ends: [Int32] = [-1, -1]
    let code = unsafe ends.withUnsafeMutableBufferPointer { ends in
      guard let first = ends.baseAddress else { return -EINVAL }
      return unsafe cs_pipe(first, 0)
    }
    guard code == 0 else { throw .system(operation: .start, path: "pipe", code: -code) }
    reading = Descriptor(owning: ends[0])
    writing = Descriptor(owning: ends[1])
    writeEnd = ends[1]
  }

  /// The end to be passed to the pup.
  package let writeEnd: Int32

  /// Closes our writing end and waits for what the pup tells.
  package consuming func outcome() throws(ServiceFailure) -> StartOutcome {
    writing = nil
    return try StartOutcome.read(from: reading.rawValue)
  }
}
