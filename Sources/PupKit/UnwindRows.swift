import ByteCoding
import ObjectModel
import Relinking
import Tracee
import Unwinding
import Updating
import VersionSpace

/// The rows by which libgcc and others find the unwind information of injected code (design section
/// 3, "an unwind index").
enum UnwindRows {
  /// Writes the rows of `model` that the target's index does not have yet, then their number.
  ///
  /// Rows of the arena come after the linker's, since the arena lies above all code, and by rising
  /// address, since it is handed out upwards: an unwinder that looks meanwhile sees a sorted table.
  static func write(_ model: ProgramModel, to memory: inout ProcessMemory) throws(TraceeFailure) {
    let header = model.descriptor.unwindIndex.lowerBound
    guard let base = model.unwindRowBase,
      UInt64(12 + 8 * (base + model.unwind.count)) <= UInt64(model.descriptor.unwindIndex.count)
    else { return }
    var writer = ByteWriter()
    for blob in model.unwind {
      let common = blob.bytes.count - Self.descriptionByteCount(blob.bytes)
      writer.append(UInt32(truncatingIfNeeded: blob.code.lowerBound &- header))
      writer.append(UInt32(truncatingIfNeeded: blob.address.rawValue &+ UInt64(common) &- header))
    }
    try memory.write(writer.bytes, at: TraceeAddress(rawValue: header + 12 + 8 * UInt64(base)))
    var count = ByteWriter()
    count.append(UInt32(base + model.unwind.count))
    try memory.write(count.bytes, at: TraceeAddress(rawValue: header + 8))
  }

  /// The rows that the linker made, or `nil` when the target has no index that we know.
  static func rowBase(
    _ descriptor: TargetDescriptor, _ memory: ProcessMemory
  ) throws(TraceeFailure) -> Int? {
    let bytes = try memory.bytes(
      at: TraceeAddress(rawValue: descriptor.unwindIndex.lowerBound), byteCount: 12)
    guard Array(bytes.prefix(4)) == [0x01, 0x1B, 0x03, 0x3B] else { return nil }
    return Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24
  }

  private static func descriptionByteCount(_ bytes: [UInt8]) -> Int {
    let length = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    return bytes.count - (length + 4)
  }
}
