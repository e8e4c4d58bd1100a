import Tracee
import Unwinding
import Updating
import VersionSpace

/// A target that runs, read as if it were stopped; what is written to it goes nowhere.
///
/// Its threads that sleep in a system call tell where they are; the others are left out. All that is
/// read of them may be untrue a moment later.
struct RehearsedTarget: StoppedTarget {
  private let memory: ProcessMemory
  /// What would stand in memory now.
  private var written: [TraceeAddress: [UInt8]] = [:]
  private let asleep: [(tid: Int32, registers: Registers)]
  /// One of each place where threads sleep would do; so many are enough to know most.
  private static let mostThreads = 64

  init(_ memory: ProcessMemory) {
    self.memory = memory
    let pid = memory.pid
    asleep = Self.threads(of: pid).prefix(Self.mostThreads).compactMap { tid in
      ProcessFacts.registersAsleep(ofThread: tid, of: pid).map { (tid, $0) }
    }
  }

  private static func threads(of pid: Int32) -> [Int32] {
    do throws(TraceeFailure) {
      return try ProcessFacts.threads(of: pid)
    } catch {
      return []
    }
  }

  var threads: [Int32] { asleep.map(\.tid) }

  func registers(of tid: Int32) throws(TraceeFailure) -> Registers {
    guard let thread = asleep.first(where: { $0.tid == tid }) else { throw .gone(pid: tid) }
    return thread.registers
  }

  func read(
    at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>
  ) throws(TraceeFailure) {
    guard let bytes = written[address], bytes.count == buffer.count else {
      return try memory.read(at: address, into: &buffer)
    }
    for index in bytes.indices { buffer[index] = bytes[index] }
  }

  mutating func write(_ bytes: Span<UInt8>, at address: TraceeAddress) throws(TraceeFailure) {
    written[address] = bytes.indices.map { bytes[$0] }
  }

  mutating func writeAll(
    _ writes: [Injection.Write], atStep: (String) -> Void
  ) throws(TraceeFailure) {
    for write in writes { written[write.address] = write.bytes }
  }

  func run(_ call: MapCall) throws(TraceeFailure) -> MapOutcome { .returned }
}

extension UpdateStop {
  /// The stop, gone through once while the target runs.
  ///
  /// The real one finds its rows looked up then, and our code and data in memory. What else came of it is of no consequence.
  func rehearsed(in memory: ProcessMemory) -> UpdateStop {
    var rehearsed = self
    rehearsed.atStep = { _ in }
    var result = self
    var target = RehearsedTarget(memory)
    do throws(CommitFailure) {
      let outcome = try rehearsed.run(in: &target)
      result.rows = outcome.rows
    } catch {
      // What fails here fails in the stop too, where it is told.
    }
    return result
  }
}
