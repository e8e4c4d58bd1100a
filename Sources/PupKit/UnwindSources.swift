import Tracee
import Unwinding
import Updating
import VersionSpace

/// Collects the unwind information of everything mapped in a target: program, libraries, vDSO, and
/// the code that earlier updates injected.
enum UnwindSources {
  /// - Throws: when the target's memory cannot be read.
  static func table(
    of target: TargetProcess, model: ProgramModel
  ) throws(TraceeFailure) -> UnwindTable {
    let memory = try target.memory()
    var modules: [UnwindModule] = []
    var seen: Set<UInt64> = []
    for base in try bases(of: target.pid) where seen.insert(base).inserted {
      guard let object = try MappedObject(fileMappedAt: base, memory: memory),
        let module = try module(of: object, memory: memory)
      else { continue }
      modules.append(module)
    }
    for blob in model.unwind {
      modules.append(
        UnwindModule(
          name: "arena", codeRanges: [blob.code],
          ehFrame: blob.bytes, ehFrameAddress: blob.address.rawValue))
    }
    return UnwindTable(modules)
  }

  /// Where each ELF file is mapped: the first mapping of each file, and the vDSO.
  private static func bases(of pid: Int32) throws(TraceeFailure) -> [UInt64] {
    try ProcessFacts(pid: pid).maps().filter { mapping in
      mapping.fileOffset == 0 && mapping.isReadable
        && (mapping.path.hasPrefix("/") || mapping.path == "[vdso]")
    }.map(\.range.lowerBound)
  }

  /// Reads `.eh_frame` to the end of its segment; a zero length ends it before (LSB, "Exception
  /// Frames").
  private static func module(
    of object: MappedObject, memory: borrowing ProcessMemory
  ) throws(TraceeFailure) -> UnwindModule? {
    guard let header = object.ehFrameHdr else { return nil }
    let start = TraceeAddress(rawValue: header.lowerBound)
    let bytes = try memory.bytes(at: start, byteCount: 8)
    guard bytes[0] == 1, bytes[1] == 0x1B else { return nil }
    let distance = Int32(
      bitPattern: (4..<8).reduce(0) { $0 | UInt32(bytes[$1]) << (8 * UInt32($1 - 4)) })
    let place = header.lowerBound &+ 4 &+ UInt64(bitPattern: Int64(distance))
    guard let segment = object.segment(containing: place) else { return nil }
    let code = object.segments.filter(\.isExecutable).map(\.range)
    let frame = try memory.bytes(
      at: TraceeAddress(rawValue: place), byteCount: Int(segment.range.upperBound - place))
    return UnwindModule(name: "", codeRanges: code, ehFrame: frame, ehFrameAddress: place)
  }
}
