import CSocket
import Glibc

/// Signals of this process as bytes to be read, one byte a signal.
///
/// At most one exists. Programs that this process executes get the default actions again.
package final class SignalSource: Sendable {
  private let readEnd: Descriptor
  private let writeEnd: Descriptor

  /// Catches `signals` from now on.
  package init(_ signals: [Int32]) throws(TalkFailure) {
    var ends: [Int32] = [-1, -1]
    let code = unsafe ends.withUnsafeMutableBufferPointer { ends in
      guard let first = ends.baseAddress else { return -EINVAL }
      return unsafe cs_pipe(first, 1)
    }
    guard code == 0 else { throw .system(operation: .signal, path: "pipe", code: -code) }
    readEnd = Descriptor(owning: ends[0])
    writeEnd = Descriptor(owning: ends[1])
    for signal in signals { _ = cs_signal_to(signal, writeEnd.rawValue) }
  }

  /// Catches `signal` too.
  package func include(_ signal: Int32) { _ = cs_signal_to(signal, writeEnd.rawValue) }

  /// Readable once a signal has come.
  package var descriptor: Int32 { readEnd.rawValue }

  /// Waits for the next signal, at most for `timeout`.
  package func next(timeout: Duration? = nil) -> Int32? {
    var ready: Int16 = 0
    var other: Int16 = 0
    let count = unsafe cs_poll(
      readEnd.rawValue, Int16(POLLIN), &ready, -1, &other, timeout?.wholeMilliseconds ?? -1)
    guard count > 0 else { return nil }
    var byte: UInt8 = 0
    return unsafe read(readEnd.rawValue, &byte, 1) == 1 ? Int32(byte) : nil
  }
}
