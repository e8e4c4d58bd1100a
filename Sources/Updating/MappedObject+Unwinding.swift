package import Unwinding
package import VersionSpace

extension MappedObject {
  /// The unwind information that is mapped with this file, found by its index (`PT_GNU_EH_FRAME`).
  ///
  /// `.eh_frame` is read to the end of its segment; a zero length ends it before (LSB, "Exception
  /// Frames").
  ///
  /// - Returns: `nil` for a file that has none, or none that is understood.
  /// - Throws: when it cannot be read.
  package func unwindModule(
    named name: String, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> UnwindModule? {
    guard let header = ehFrameHdr else { return nil }
    let bytes = try memory.bytes(at: TraceeAddress(rawValue: header.lowerBound), byteCount: 8)
    // Version 1, and a pointer of four bytes that is relative to its place.
    guard bytes[0] == 1, bytes[1] == 0x1B else { return nil }
    let distance = Int64(Int32(bitPattern: bytes.word32(4)))
    let place = header.lowerBound &+ 4 &+ UInt64(bitPattern: distance)
    guard let segment = segment(containing: place) else { return nil }
    return UnwindModule(
      name: name, codeRanges: segments.filter(\.isExecutable).map(\.range),
      ehFrame: try memory.bytes(
        at: TraceeAddress(rawValue: place), byteCount: Int(segment.range.upperBound - place)),
      ehFrameAddress: place)
  }
}
