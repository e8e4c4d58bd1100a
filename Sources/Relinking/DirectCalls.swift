import ByteCoding
package import VersionSpace
package import X86Code

/// Finds the direct calls and jumps of a linked program that lead to trampolines (design: "Call
/// modes").
///
/// They are read from the code as the linker left it, since it may have made direct calls of what
/// went through the GOT. A part that cannot be decoded keeps its calls through the table.
package struct DirectCalls<Decoder: InstructionDecoding> {
  /// One branch, whose 32-bit displacement is to lead to a procedure's body.
  package struct Site: Hashable, Sendable {
    /// Of the displacement, which is relative to its end.
    package var field: LinkAddress
    /// Index into the delta's procedures.
    package var callee: Int
    package var displacement: [UInt8]
  }

  private let delta: Delta
  private let decoder: Decoder
  /// By trampoline.
  private let callees: [UInt64: Int]

  package init(_ delta: Delta, decoder: Decoder) {
    self.delta = delta
    self.decoder = decoder
    callees = Dictionary(
      delta.procedures.indices.filter {
        delta.procedures[$0].slot.rawValue != 0 && !delta.procedures[$0].parts.isEmpty
      }.map { (delta.procedures[$0].trampoline.rawValue, $0) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  /// All sites, by rising address.
  ///
  /// - Parameter code: the bytes of the program at an address, or `nil` if it has none there.
  /// - Returns: each site once, even if procedures share code.
  package func sites(code: (LinkAddress, Int) -> [UInt8]?) -> [Site] {
    var found: [UInt64: Site] = [:]
    for procedure in delta.procedures {
      for part in procedure.parts {
        guard let bytes = code(part.address, Int(part.byteCount)) else { continue }
        for site in sites(in: bytes, at: part.address) { found[site.field.rawValue] = site }
      }
    }
    return found.values.sorted { $0.field.rawValue < $1.field.rawValue }
  }

  private func sites(in bytes: [UInt8], at address: LinkAddress) -> [Site] {
    guard let instructions = try? decoder.instructions(in: bytes) else { return [] }
    return instructions.compactMap { instruction in
      switch instruction.flow {
      case .call, .jump, .conditionalJump: break
      case .next, .indirectCall, .indirectJump, .return: return nil
      }
      guard let field = instruction.displacement, field.byteCount == 4 else { return nil }
      let end = address.rawValue &+ UInt64(instruction.end)
      guard let callee = callees[end &+ UInt64(bitPattern: field.value)] else { return nil }
      let body = delta.procedures[callee].parts[0].address.rawValue
      let place = address.rawValue &+ UInt64(instruction.offset + field.offset)
      let distance = Int64(bitPattern: body &- (place &+ 4))
      guard place &+ 4 == end, let displacement = Int32(exactly: distance) else { return nil }
      return Site(
        field: LinkAddress(rawValue: place), callee: callee,
        displacement: displacement.littleEndianBytes)
    }
  }
}
