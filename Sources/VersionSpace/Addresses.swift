/// An address in the tracee's address space; never dereferenceable here.
package struct TraceeAddress: RawRepresentable, Hashable, Sendable, Comparable, Codable,
  CustomStringConvertible
{
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

  /// The address `distance` bytes away, or `nil` past either end of the space.
  package func advanced(by distance: Int64) -> TraceeAddress? {
    let (sum, overflow) =
      distance >= 0
      ? rawValue.addingReportingOverflow(UInt64(distance))
      : rawValue.subtractingReportingOverflow(distance.magnitude)
    return overflow ? nil : TraceeAddress(rawValue: sum)
  }

  package var description: String { "0x" + String(rawValue, radix: 16) }
}

/// An address as the linker assigned it, before the load bias of a PIE is added.
package struct LinkAddress: RawRepresentable, Hashable, Sendable, Comparable, Codable,
  CustomStringConvertible
{
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

  /// Where this address is in a process that mapped the program `bias` bytes above its link address.
  package func loaded(at bias: LoadBias) -> TraceeAddress {
    TraceeAddress(rawValue: rawValue &+ bias.rawValue)
  }

  package var description: String { "0x" + String(rawValue, radix: 16) }
}

/// The distance from link addresses to tracee addresses: 0 for a non-PIE.
package struct LoadBias: RawRepresentable, Hashable, Sendable, Codable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The link address that a tracee address of this program has.
  package func link(_ address: TraceeAddress) -> LinkAddress {
    LinkAddress(rawValue: address.rawValue &- rawValue)
  }
}
