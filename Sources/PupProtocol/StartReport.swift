import FoundationEssentials
import Glibc
import Synchronization

/// How a pup's start went, told to whoever started it: one line of JSON, then the end of the file.
package struct StartOutcome: Codable, Sendable {
  /// Why it failed; the other fields are then absent.
  package struct Failure: Codable, Sendable {
    package var exit: Int32
    package var code: String
    package var message: String
  }

  package var status: StatusReport?
  package var attached: AttachReport?
  package var failure: Failure?

  package init(
    status: StatusReport? = nil, attached: AttachReport? = nil, failure: Failure? = nil
  ) {
    self.status = status
    self.attached = attached
    self.failure = failure
  }

  /// Reads the outcome that a pup writes to `descriptor`; blocks until it is there.
  ///
  /// - Throws: the pup's failure; `cannot("pup-died")` if it ended without a word.
  package static func read(from descriptor: Int32) throws(ServiceFailure) -> StartOutcome {
    var bytes: [UInt8] = []
    while true {
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { space, count in
        count = max(0, unsafe Glibc.read(descriptor, space.baseAddress, 4096))
      }
      if chunk.isEmpty { break }
      bytes += chunk
    }
    guard let outcome = try? JSONDecoder().decode(StartOutcome.self, from: Data(bytes)) else {
      throw .cannot("pup-died", "the pup ended before the program had started")
    }
    if let failure = outcome.failure {
      throw ServiceFailure(
        ExitClass(rawValue: failure.exit) ?? .cannot, code: failure.code,
        message: failure.message)
    }
    return outcome
  }
}

/// The writing end of a `StartOutcome`; used once.
final class StartReport: Sendable {
  private let descriptor: Mutex<Int32>

  /// Takes over `descriptor`, which the target is not to inherit; -1 reports nowhere.
  init(_ descriptor: Int32) {
    let isOpen = descriptor >= 0 && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    self.descriptor = Mutex(isOpen ? descriptor : -1)
  }

  func succeeded(_ outcome: StartOutcome) { write(outcome) }

  func failed(_ failure: ServiceFailure) {
    write(
      StartOutcome(
        failure: .init(
          exit: failure.exit.rawValue, code: failure.code, message: failure.message)))
  }

  private func write(_ outcome: StartOutcome) {
    let taken = descriptor.withLock { raw in
      defer { raw = -1 }
      return raw
    }
    guard taken >= 0 else { return }
    let file = Descriptor(owning: taken)
    guard let data = try? JSONEncoder().encode(outcome) else { return }
    let bytes = Array(data) + [UInt8(ascii: "\n")]
    _ = unsafe Glibc.write(file.rawValue, bytes, bytes.count)
  }
}
