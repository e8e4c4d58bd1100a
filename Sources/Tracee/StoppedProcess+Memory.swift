import CPtrace
package import VersionSpace

extension StoppedProcess: TraceeMemory {
  /// By process_vm_readv(2), which is the quickest; what that cannot read, through `/proc/PID/mem`.
  package func read(
    at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>
  ) throws(TraceeFailure) {
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe cs_read_memory(pid, address.rawValue, bytes.baseAddress, bytes.count)
    }
    if count != buffer.count { try memory.read(at: address, into: &buffer) }
  }

  /// By process_vm_readv(2), up to 1,024 pieces (`IOV_MAX`) a call; where a piece ends early, the next
  /// call begins behind it.
  package func pieces(of ranges: [Range<UInt64>]) -> MemoryPieces {
    let total = ranges.reduce(0) { $0 + $1.count }
    let starts = ranges.map(\.lowerBound)
    let sizes = ranges.map(\.count)
    var places: [(offset: Int, byteCount: Int)] = []
    places.reserveCapacity(ranges.count)
    var bytes = [UInt8](repeating: 0, count: total)
    var offset = 0
    while places.count < ranges.count {
      let first = places.count
      let left = min(1024, ranges.count - first)
      let read = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe cs_read_pieces(pid, starts, sizes, first, left, buffer.baseAddress, offset)
      }
      var remaining = max(0, read)
      for index in first..<(first + left) {
        let found = min(remaining, sizes[index])
        places.append((offset, found))
        offset += sizes[index]
        remaining -= found
        if found < sizes[index] { break }
      }
    }
    return MemoryPieces(bytes: bytes, places: places)
  }

  /// One pwrite(2) to `/proc/PID/mem`: within a page it is never torn, not even by our own death.
  ///
  /// Where the kernel forbids that (`proc_mem.force_override`), by PTRACE_POKEDATA: then only an
  /// aligned word is never torn.
  package mutating func write(
    _ bytes: Span<UInt8>, at address: TraceeAddress
  ) throws(TraceeFailure) {
    do throws(TraceeFailure) {
      try memory.write(bytes, at: address)
    } catch .fault {
      try poke(bytes, at: address)
    }
  }

  /// Writes by PTRACE_POKEDATA, the words at both ends with the bytes that they had beside `bytes`.
  package mutating func poke(
    _ bytes: Span<UInt8>, at address: TraceeAddress
  ) throws(TraceeFailure) {
    guard bytes.count > 0 else { return }
    let first = address.rawValue & ~7
    let lead = Int(address.rawValue - first)
    guard let tid = threads.first,
      let last = TraceeAddress(rawValue: first).advanced(by: Int64(lead + bytes.count + 7))
    else { throw .fault(at: address, byteCount: bytes.count) }
    var words = try self.bytes(
      at: TraceeAddress(rawValue: first), byteCount: Int((last.rawValue & ~7) - first))
    for index in bytes.indices { words[lead + index] = bytes[index] }
    let status = unsafe cs_poke(tid, first, words, words.count)
    guard status == 0 else { throw .fault(at: address, byteCount: bytes.count) }
  }
}
