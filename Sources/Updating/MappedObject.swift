package import VersionSpace

/// An ELF file as mapped into a target, by the program headers found in its memory (gABI "Program
/// Header").
package struct MappedObject: Hashable, Sendable {
  package var bias: LoadBias
  package var segments: [Segment]
  package var dynamic: TraceeAddress?
  package var ehFrameHdr: Range<UInt64>?
  /// The TLS block's size, rounded up to its alignment.
  package var tlsByteCount: UInt64

  /// A `PT_LOAD` segment, in tracee addresses.
  package struct Segment: Hashable, Sendable {
    package var range: Range<UInt64>
    package var isExecutable: Bool
    package var isWritable: Bool
  }

  /// Reads program headers.
  ///
  /// `headers`: where they are (`AT_PHDR`, or behind an ELF header).
  ///
  /// `count`: how many (`AT_PHNUM`); more than 256 are refused.
  ///
  /// `base`: the lowest mapped address of the file, when the headers do not say where they are.
  ///
  /// `memory`: the target's.
  ///
  /// Returns: `nil` for headers that make no sense.
  ///
  /// Throws: when they cannot be read.
  package init?(
    headers: TraceeAddress, count: Int, base: UInt64?,
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    guard (1...256).contains(count) else { return nil }
    let bytes = try memory.bytes(at: headers, byteCount: count * 56)
    let entries = (0..<count).map { Self.entry(bytes, $0 * 56) }
    let bias: UInt64
    if let own = entries.first(where: { $0.type == 6 }) {
      bias = headers.rawValue &- own.address
    } else if let base, let first = entries.first(where: { $0.type == 1 }) {
      bias = base &- (first.address & ~4095)
    } else {
      bias = 0
    }
    self.bias = LoadBias(rawValue: bias)
    segments = entries.filter { $0.type == 1 }.compactMap { entry in
      let (end, overflow) = (entry.address &+ bias).addingReportingOverflow(entry.memoryBytes)
      guard !overflow else { return nil }
      return Segment(
        range: (entry.address &+ bias)..<end, isExecutable: entry.flags & 1 != 0,
        isWritable: entry.flags & 2 != 0)
    }
    dynamic = entries.first { $0.type == 2 }.map { TraceeAddress(rawValue: $0.address &+ bias) }
    ehFrameHdr = entries.first { $0.type == 0x6474_E550 }.flatMap { entry in
      let start = entry.address &+ bias
      let (end, overflow) = start.addingReportingOverflow(entry.memoryBytes)
      return overflow ? nil : start..<end
    }
    let tls = entries.first { $0.type == 7 }
    let alignment = max(tls?.alignment ?? 1, 1)
    let (padded, overflow) = (tls?.memoryBytes ?? 0).addingReportingOverflow(alignment - 1)
    guard !overflow, padded <= UInt64(Int64.max) else { return nil }
    tlsByteCount = padded / alignment * alignment
  }

  /// Reads the ELF header at `base`, then the program headers behind it.
  ///
  /// - Throws: when they cannot be read.
  package init?(
    fileMappedAt base: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    let header = try memory.bytes(at: TraceeAddress(rawValue: base), byteCount: 64)
    guard header.prefix(5) == [0x7F, 0x45, 0x4C, 0x46, 2] else { return nil }
    let offset = header.word64(32)
    let count = Int(header[56]) | Int(header[57]) << 8
    try self.init(
      headers: TraceeAddress(rawValue: base &+ offset), count: count, base: base, memory: memory)
  }

  private struct Entry {
    var type: UInt32
    var flags: UInt32
    var address: UInt64
    var memoryBytes: UInt64
    var alignment: UInt64
  }

  private static func entry(_ bytes: [UInt8], _ at: Int) -> Entry {
    Entry(
      type: bytes.word32(at), flags: bytes.word32(at + 4), address: bytes.word64(at + 16),
      memoryBytes: bytes.word64(at + 40), alignment: bytes.word64(at + 48))
  }

  /// The segment that contains an address.
  package func segment(containing address: UInt64) -> Segment? {
    segments.first { $0.range.contains(address) }
  }
}
