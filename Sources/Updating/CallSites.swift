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

  /// The writes that lead the calls of `all` to their bodies, or to their trampolines.
  ///
  /// Calls that lie close together are one write, with what is between them as it is: all threads
  /// are stopped, and text is written by nobody else.
  ///
  /// - Parameters:
  ///   - all: the calls to each procedure.
  ///   - isDirect: whether it is the body.
  ///   - memory: of the stopped target.
  /// - Returns: what there is to be written, within one page each.
  /// - Throws: `.siteChanged` for a call that leads to neither: somebody else wrote it.
  package static func writes(
    _ all: [CallSites], direct isDirect: Bool, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(CommitFailure) -> [Injection.Write] {
    let fields = all.flatMap { sites in sites.fields.map { (address: $0, sites: sites) } }
      .sorted { $0.address < $1.address }
    let runs = runs(fields.map(\.address.rawValue))
    let pieces = memory.pieces(
      of: runs.map {
        fields[$0.lowerBound].address.rawValue..<end(fields[$0.upperBound - 1].address)
      })
    var writes: [Injection.Write] = []
    for (index, run) in runs.enumerated() {
      let first = fields[run.lowerBound].address
      let found = [UInt8](pieces[index])
      guard found.count == Int(end(fields[run.upperBound - 1].address) - first.rawValue) else {
        throw .tracee(.fault(at: first, byteCount: found.count))
      }
      var bytes = found
      for field in fields[run] {
        let offset = Int(field.address.rawValue - first.rawValue)
        let (body, trampoline) = field.sites.displacements(at: field.address)
        let now = bytes.word32(offset)
        guard now == body || now == trampoline else { throw .siteChanged(field.address) }
        let wanted = isDirect ? body : trampoline
        bytes.replaceSubrange(offset..<(offset + 4), with: wanted.littleEndianBytes)
      }
      if bytes != found { writes.append(Injection.Write(address: first, bytes: bytes)) }
    }
    return writes
  }

  /// Which of `places`, which rise, lie together: in one page, and with little between them.
  private static func runs(_ places: [UInt64]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    for index in places.indices.dropFirst()
    where places[index] - places[index - 1] > 256
      || places[start] / 4096 != (places[index] + 3) / 4096
    {
      runs.append(start..<index)
      start = index
    }
    if !places.isEmpty { runs.append(start..<places.count) }
    return runs
  }

  private static func end(_ field: TraceeAddress) -> UInt64 { field.rawValue + 4 }

  private func displacements(at field: TraceeAddress) -> (body: UInt32, trampoline: UInt32) {
    func distance(_ target: UInt64) -> UInt32 {
      UInt32(truncatingIfNeeded: target &- (field.rawValue &+ 4))
    }
    return (distance(body), distance(trampoline))
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
