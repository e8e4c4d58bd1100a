/// The identity of a procedure in every version of a program (paper section 3.2).
///
/// `main` is 0; the others follow in the order of units on the first version's link line and of
/// their source lines; procedures that later versions add come after those.
package struct ProcedureID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// The number of a version space; the first is 1, and each accepted update adds 1.
package struct VersionNumber: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
  package var next: VersionNumber { VersionNumber(rawValue: rawValue + 1) }
}

/// The GNU build ID of an executable, as lower-case hexadecimal digits.
package struct BuildID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }
  package var description: String { rawValue }
}
