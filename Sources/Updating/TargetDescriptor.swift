import ByteCoding
package import VersionSpace

/// The runtime's descriptor as found in a target (`CSupport/runtime/pup_runtime.h`).
///
/// It lies in the target's memory and is untrusted: `validated` bounds every address by the
/// program's own segments before anything is read or written through it.
package struct TargetDescriptor: Hashable, Sendable, Codable {
  package static let magic: UInt64 = 0x31_4353_4544_5055
  package static let format: UInt32 = 1
  package static let byteCount = 208

  package var buildID: BuildID
  package var table: Range<UInt64>
  package var textArena: Range<UInt64>
  package var dataArena: Range<UInt64>
  package var gates: UInt64
  package var gateCount: Int
  package var gateStride: UInt64
  package var gateReturnOffset: UInt64
  package var gateStates: UInt64
  package var gateWait: UInt64
  package var gateWaitMilliseconds: UInt64
  package var unwindIndex: Range<UInt64>
  package var started: UInt64
  package var version: UInt64
  package var update: UInt64
  package var state: UInt64
  package var journal: [UInt8]

  /// Offsets of the fields that the pup writes.
  package static let versionOffset: Int64 = 168
  package static let updateOffset: Int64 = 176
  package static let stateOffset: Int64 = 184
  package static let journalOffset: Int64 = 192

  /// Reads the descriptor's fields.
  ///
  /// - Throws: `.notADescriptor` when magic, format or size are not ours.
  package init(bytes: [UInt8]) throws(DescriptorFailure) {
    do throws(ParseFailure) {
      var reader = ByteReader(bytes.span)
      let magic: UInt64 = try reader.read()
      let format: UInt32 = try reader.read()
      let size: UInt32 = try reader.read()
      guard magic == Self.magic, format == Self.format, size == Self.byteCount else {
        throw ParseFailure.truncated(atByte: 0, needed: Self.byteCount)
      }
      let identity = try reader.readBytes(20)
      let identitySize: UInt32 = try reader.read()
      buildID = BuildID(
        rawValue: identity.prefix(Int(min(identitySize, 20))).map(Self.hexadecimal).joined())
      table = try Self.range(&reader)
      textArena = try Self.range(&reader)
      dataArena = try Self.range(&reader)
      gates = try reader.read()
      gateCount = Int(try reader.read(UInt32.self))
      gateStride = UInt64(try reader.read(UInt32.self))
      gateReturnOffset = try reader.read()
      gateStates = try reader.read()
      gateWait = try reader.read()
      gateWaitMilliseconds = try reader.read()
      unwindIndex = try Self.range(&reader)
      started = try reader.read()
      try reader.skip(8)
      version = try reader.read()
      update = try reader.read()
      state = try reader.read()
      journal = try reader.readBytes(16)
    } catch {
      throw .notADescriptor
    }
  }

  private static func range(_ reader: inout ByteReader) throws(ParseFailure) -> Range<UInt64> {
    let start: UInt64 = try reader.read()
    let end: UInt64 = try reader.read()
    guard start <= end else { throw .truncated(atByte: reader.offset, needed: 0) }
    return start..<end
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// Checks that every address lies in one of the program's `segments` (tracee addresses).
  package func validate(segments: [Range<UInt64>]) throws(DescriptorFailure) {
    func inside(_ range: Range<UInt64>) -> Bool {
      segments.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
    }
    func inside(_ address: UInt64, _ byteCount: UInt64) -> Bool {
      let (end, overflow) = address.addingReportingOverflow(byteCount)
      return !overflow && inside(address..<end)
    }
    guard (1...4096).contains(gateCount), gateStride <= 4096, gateReturnOffset < gateStride,
      gateReturnOffset + 8 <= gateStride
    else { throw .outOfBounds }
    let gateBytes = UInt64(gateCount) * gateStride
    let fields: [(UInt64, UInt64)] = [
      (gates, gateBytes), (gateStates, UInt64(gateCount) * 8), (gateWait, 1),
      (gateWaitMilliseconds, 4), (started, 4),
    ]
    guard [table, textArena, dataArena, unwindIndex].allSatisfy(inside),
      fields.allSatisfy({ inside($0.0, $0.1) }), (table.upperBound - table.lowerBound) % 8 == 0
    else { throw .outOfBounds }
  }

  package func gateEntry(_ gate: Int) -> TraceeAddress {
    TraceeAddress(rawValue: gates + UInt64(gate) * gateStride)
  }

  /// Where the real return address of a gate is written.
  package func gateReturn(_ gate: Int) -> TraceeAddress {
    TraceeAddress(rawValue: gates + UInt64(gate) * gateStride + gateReturnOffset)
  }

  /// The gate's `arrived` counter; its `released` word lies 4 bytes behind.
  package func gateState(_ gate: Int) -> TraceeAddress {
    TraceeAddress(rawValue: gateStates + UInt64(gate) * 8)
  }
}

package enum DescriptorFailure: Error, Hashable, Sendable {
  /// There is no descriptor of a known format at the place that the delta names.
  case notADescriptor
  /// A field points outside of the program.
  case outOfBounds
}
