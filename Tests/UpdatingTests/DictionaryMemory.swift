import Updating
import VersionSpace

/// A target's memory as a dictionary of bytes: what is not in it cannot be reached.
struct DictionaryMemory: TraceeMemory {
  private(set) var bytes: [UInt64: UInt8] = [:]
  /// The writes so far, each a single store.
  private(set) var writes: [Injection.Write] = []

  /// Zeros in `range`.
  init(_ ranges: Range<UInt64>...) {
    for range in ranges { for address in range { bytes[address] = 0 } }
  }

  func read(
    at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>
  ) throws(TraceeFailure) {
    for index in 0..<buffer.count {
      guard let byte = bytes[address.rawValue &+ UInt64(index)] else {
        throw .fault(at: address, byteCount: buffer.count)
      }
      buffer[index] = byte
    }
  }

  mutating func write(_ span: Span<UInt8>, at address: TraceeAddress) throws(TraceeFailure) {
    var copy: [UInt8] = []
    for index in 0..<span.count {
      guard bytes[address.rawValue &+ UInt64(index)] != nil else {
        throw .fault(at: address, byteCount: span.count)
      }
      copy.append(span[index])
    }
    for (index, byte) in copy.enumerated() { bytes[address.rawValue + UInt64(index)] = byte }
    writes.append(Injection.Write(address: address, bytes: copy))
  }

  subscript(word address: UInt64) -> UInt64 {
    get { (0..<8).reduce(0) { $0 | UInt64(bytes[address + $1] ?? 0) << (8 * $1) } }
    set {
      for index in 0..<UInt64(8) {
        bytes[address + index] = UInt8(truncatingIfNeeded: newValue >> (8 * index))
      }
    }
  }
}

/// A number as an address.
func at(_ address: UInt64) -> TraceeAddress { TraceeAddress(rawValue: address) }
