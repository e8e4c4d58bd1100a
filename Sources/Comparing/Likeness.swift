/// How alike two pieces of content are: what differs now, and on what the rest depends.
///
/// The sets hold pair indices of `Pairing`. Equal bytes that refer to a datum are only equal while
/// that datum's storage is shared, so what is referred to is kept, and judged when all is known.
struct Likeness: Hashable, Sendable {
  /// Without duplicates, in the order found.
  private(set) var differences: [ProcedureChange.Reason] = []
  /// Whether some difference was noise.
  var isNoisy = false
  /// Data that it refers to in both versions.
  var data: Set<Int> = []
  /// Procedures that it calls or names, by their trampolines.
  var procedures: Set<Int> = []
  /// Procedures into whose parts it leads directly, bound within the version.
  var clones: Set<Int> = []

  var isEqual: Bool { differences.isEmpty }

  mutating func add(_ difference: ProcedureChange.Reason) {
    if !differences.contains(difference) { differences.append(difference) }
  }

  mutating func merge(_ other: Likeness) {
    for difference in other.differences { add(difference) }
    isNoisy = isNoisy || other.isNoisy
    data.formUnion(other.data)
    procedures.formUnion(other.procedures)
    clones.formUnion(other.clones)
  }
}
