/// Bytes of a program under update.
///
/// `Tracee` implements it with a live process; tests with a dictionary.
package protocol TraceeMemory: ~Copyable {
  /// Fills all of `buffer` from `address`, or throws having promised nothing about its contents.
  func read(at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>)
    throws(TraceeFailure)

  mutating func write(_ bytes: Span<UInt8>, at address: TraceeAddress) throws(TraceeFailure)

  /// As much of each of `ranges` as can be read from its beginning on, in as few system calls as can
  /// be.
  func pieces(of ranges: [Range<UInt64>]) -> MemoryPieces
}

/// Bytes of several places, in one array.
package struct MemoryPieces: Sendable {
  package var bytes: [UInt8]
  /// For each piece, where it begins in `bytes`, and how much of it was read.
  package var places: [(offset: Int, byteCount: Int)]

  package init(bytes: [UInt8], places: [(offset: Int, byteCount: Int)]) {
    self.bytes = bytes
    self.places = places
  }

  /// What was read of a piece.
  package subscript(_ index: Int) -> ArraySlice<UInt8> {
    bytes[places[index].offset..<(places[index].offset + places[index].byteCount)]
  }
}

extension TraceeMemory where Self: ~Copyable {
  /// The `byteCount` bytes at `address`.
  package func bytes(at address: TraceeAddress, byteCount: Int) throws(TraceeFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var window = bytes.mutableSpan
    try read(at: address, into: &window)
    return bytes
  }

  /// The little-endian 8-byte word at `address`.
  package func word(at address: TraceeAddress) throws(TraceeFailure) -> UInt64 {
    let bytes = try bytes(at: address, byteCount: 8)
    return bytes.indices.reduce(0) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
  }

  package func pieces(of ranges: [Range<UInt64>]) -> MemoryPieces {
    var pieces = MemoryPieces(bytes: [], places: [])
    for range in ranges {
      var found: [UInt8] = []
      do throws(TraceeFailure) {
        found = try bytes(
          at: TraceeAddress(rawValue: range.lowerBound), byteCount: range.count)
      } catch {
        found = []
      }
      pieces.places.append((pieces.bytes.count, found.count))
      pieces.bytes += found
    }
    return pieces
  }

  package mutating func write(_ bytes: [UInt8], at address: TraceeAddress) throws(TraceeFailure) {
    try write(bytes.span, at: address)
  }
}

/// What can go wrong between us and the kernel on the tracee's behalf.
package enum TraceeFailure: Error, Hashable, Sendable {
  /// The thread or process exited under us.
  case gone(pid: Int32)
  /// No readable (or writable) mapping covers `byteCount` bytes at `address`.
  case fault(at: TraceeAddress, byteCount: Int)
  /// Another process traces `pid` already.
  case traced(pid: Int32, by: Int32)
  /// The kernel does not let us trace `pid` (ptrace(2), "Ptrace access mode checking").
  case notPermitted(pid: Int32)
  /// These threads had not stopped when the stop's deadline passed; all were released.
  case deadline(missing: [Int32])
  /// Other processes share the target's memory (vfork, CLONE_VM): nothing may be written.
  case shared(with: [Int32])
  /// The process runs another program than the one that was adopted.
  case replaced(pid: Int32)
  /// Any other system call failure; `code` is an errno value.
  case system(operation: TraceeOperation, code: Int32)
}

/// The kernel requests we make, closed so that failures stay comparable.
package enum TraceeOperation: String, Sendable, Hashable {
  case seize, interrupt, wait, registers, detach, resume, open, read, write, spawn, exec, signal,
    perf
}
