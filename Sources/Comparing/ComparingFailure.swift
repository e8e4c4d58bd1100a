/// Why two programs could not be compared at all.
package enum ComparingFailure: Error, Hashable, Sendable {
  /// The delta and the objects of one version contradict each other.
  case brokenImage(Version, ImageFault)
  /// A line of the changes file is wrong for these two programs.
  case changesFile(ChangesFileFailure)

  package enum Version: String, Hashable, Sendable { case old, new }
}

/// A reference inside of a `ProgramImage` that leads nowhere; indices are those of its delta.
package enum ImageFault: Hashable, Sendable {
  case unitWithoutObject(unit: Int)
  case procedureWithoutUnit(procedure: Int)
  case partOutsideSection(procedure: Int, part: Int)
  case datumWithoutUnit(datum: Int)
  case datumOutsideSection(datum: Int)
  case unknownType(TypeHolder)
  case unknownCallee(procedure: Int)
  case symbolWithoutSection(unit: Int, symbol: Int)
  case relocationWithoutSymbol(unit: Int, section: Int)

  package enum TypeHolder: Hashable, Sendable {
    case procedure(Int)
    case datum(Int)
    case type(Int)
  }
}
