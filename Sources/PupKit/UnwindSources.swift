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
        let module = try object.unwindModule(named: "", memory: memory)
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
}
