import ByteCoding
package import Relinking
package import VersionSpace

/// The direct calls of the program's first version to one procedure, which do not go through its
/// slot (design: "Call modes").
///
/// While the slot leads to the procedure's first body, they may lead there too; before it leads
/// elsewhere, they are led to the trampoline, all threads being stopped. So they need no state of
/// their own: leading them to the trampoline changes no meaning, and may be done again.
package struct CallSites: Hashable, Sendable, Codable {
  package var slot: TraceeAddress
  package var trampoline: UInt64
  /// The procedure's body in the first version.
  package var body: UInt64
  /// The 32-bit displacements of the calls, each relative to its end.
  package var fields: [TraceeAddress]

  /// The writes that lead all of them to the body, or to the trampoline.
  ///
  /// - Parameters:
  ///   - isDirect: whether it is the body.
  ///   - memory: of the stopped target.
  /// - Returns: one write for each that leads elsewhere now.
  /// - Throws: `.siteChanged` for a call that leads to neither: somebody else wrote it.
  package func writes(
    direct isDirect: Bool, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(CommitFailure) -> [Injection.Write] {
    var writes: [Injection.Write] = []
    for field in fields {
      let found: [UInt8]
      do throws(TraceeFailure) {
        found = try memory.bytes(at: field, byteCount: 4)
      } catch {
        throw .tracee(error)
      }
      let (toBody, toTrampoline) = (Self.distance(field, body), Self.distance(field, trampoline))
      guard found == toBody || found == toTrampoline else { throw .siteChanged(field) }
      let wanted = isDirect ? toBody : toTrampoline
      if found != wanted { writes.append(Injection.Write(address: field, bytes: wanted)) }
    }
    return writes
  }

  private static func distance(_ field: TraceeAddress, _ target: UInt64) -> [UInt8] {
    UInt32(truncatingIfNeeded: target &- (field.rawValue &+ 4)).littleEndianBytes
  }
}

/// All direct calls of a running program's first version.
package struct CallSiteTable: Hashable, Sendable {
  private var sites: [TraceeAddress: CallSites] = [:]

  /// - Parameters:
  ///   - delta: of the program's file.
  ///   - bias: where it was loaded.
  package init(_ delta: Delta, bias: LoadBias) {
    for procedure in delta.procedures {
      guard let fields = procedure.callSites, let body = procedure.parts.first else { continue }
      let slot = procedure.slot.loaded(at: bias)
      sites[slot] = CallSites(
        slot: slot, trampoline: procedure.trampoline.loaded(at: bias).rawValue,
        body: body.address.loaded(at: bias).rawValue, fields: fields.map { $0.loaded(at: bias) })
    }
  }

  package subscript(_ slot: TraceeAddress) -> CallSites? { sites[slot] }
}
