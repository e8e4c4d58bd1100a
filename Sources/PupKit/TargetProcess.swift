package import Relinking
package import Tracee
package import Updating
package import VersionSpace

/// A running program that the pup serves: its process, and what its memory says of its layout.
package struct TargetProcess: Sendable {
  package let pid: Int32
  /// Clock ticks after boot (proc(5), field 22), so that a reused pid is told apart.
  package let startTime: UInt64
  /// Which exec's memory it has.
  package let image: ImageIdentity
  package let layout: MappedObject
  package let descriptor: TargetDescriptor
  package let descriptorAddress: TraceeAddress
  /// The direct calls in the file that it runs.
  let callSites: CallSiteTable

  /// Where `/proc` shows the file that the process runs, also after the path was overwritten.
  package var executable: String { "/proc/\(pid)/exe" }

  /// Reads the layout and the descriptor of a running process.
  ///
  /// `delta`: of the file that it runs, whatever version it is at.
  package init(pid: Int32, running delta: Delta) throws(PupFailure) {
    do throws(TraceeFailure) {
      let facts = try ProcessFacts(pid: pid)
      let memory = try ProcessMemory(pid: pid)
      let auxiliary = try facts.auxiliaryVector()
      // A static program that is position-independent has no PT_PHDR to tell where it is.
      let base = try facts.maps().first {
        $0.fileOffset == 0 && $0.range.contains(auxiliary[3] ?? 0)
      }?.range.lowerBound
      guard let headers = auxiliary[3], let count = auxiliary[5],
        let layout = try MappedObject(
          headers: TraceeAddress(rawValue: headers), count: Int(truncatingIfNeeded: count),
          base: base, memory: memory)
      else { throw TraceeFailure.replaced(pid: pid) }
      self.pid = pid
      startTime = facts.startTime
      image = try ImageIdentity(of: memory)
      self.layout = layout
      callSites = CallSiteTable(delta, bias: layout.bias)
      descriptorAddress = delta.descriptor.loaded(at: layout.bias)
      let bytes = try memory.bytes(
        at: descriptorAddress, byteCount: TargetDescriptor.byteCount)
      do throws(DescriptorFailure) {
        descriptor = try TargetDescriptor(bytes: bytes)
        try descriptor.validate(segments: layout.segments.map(\.range))
      } catch {
        throw TraceeFailure.fault(at: descriptorAddress, byteCount: TargetDescriptor.byteCount)
      }
    } catch {
      throw .tracee(error, pid: pid)
    }
  }

  /// Its memory, if it still runs the image that was looked at first.
  ///
  /// - Throws: `.gone`, `.notPermitted`, and `.replaced` after an exec.
  func memory() throws(TraceeFailure) -> ProcessMemory {
    let memory = try ProcessMemory(pid: pid)
    guard try ImageIdentity(of: memory) == image else { throw .replaced(pid: pid) }
    return memory
  }

  /// Whether the program's constructors have run, so that `main` is next or was entered.
  func hasStarted() throws(PupFailure) -> Bool {
    do throws(TraceeFailure) {
      return try memory().bytes(
        at: TraceeAddress(rawValue: descriptor.started), byteCount: 4)[0] != 0
    } catch {
      throw .tracee(error, pid: pid)
    }
  }

  /// Writes into the descriptor which update is under way, and, once one is complete, the highest
  /// running version number (PODUS's SET HRVN).
  func note(update: Int, isUnderWay: Bool, version: VersionNumber?) throws(PupFailure) {
    do throws(TraceeFailure) {
      let memory = try memory()
      var words: [(Int64, UInt64)] = [
        (TargetDescriptor.updateOffset, UInt64(update)),
        (TargetDescriptor.stateOffset, isUnderWay ? 1 : 0),
      ]
      if let version { words.append((TargetDescriptor.versionOffset, UInt64(version.rawValue))) }
      for (offset, value) in words {
        let place = TraceeAddress(
          rawValue: descriptorAddress.rawValue &+ UInt64(bitPattern: offset))
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        try memory.write(bytes.span, at: place)
      }
    } catch {
      throw .tracee(error, pid: pid)
    }
  }

  var isAlive: Bool { ProcessFacts.isAlive(pid, startTime: startTime) }
}

extension Injection {
  /// Writes everything into the arenas, which no code uses yet; the target runs on.
  func write(into target: TargetProcess, model: ProgramModel) throws(PupFailure) {
    do throws(TraceeFailure) {
      var memory = try target.memory()
      for write in writes { try memory.write(write.bytes, at: write.address) }
      try UnwindRows.write(model, to: &memory)
    } catch {
      throw .tracee(error, pid: target.pid)
    }
  }
}
