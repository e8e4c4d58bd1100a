package import PupProtocol

/// What `ush diff A B` asks for.
package struct DiffRequest: Hashable, Sendable {
  /// The executables, absolute.
  package let old: String
  package let new: String
  /// The header for a maps file instead of the changes.
  package let wantsHeader: Bool

  package init(old: String, new: String, wantsHeader: Bool) {
    self.old = old
    self.new = new
    self.wantsHeader = wantsHeader
  }
}

/// What differs between two executables.
package struct DiffReport: Codable, Hashable, Sendable {
  /// Procedures that differ, as a changes file names them.
  package var changed: [String]
  /// Procedures that only the new one has.
  package var added: [String]
  /// Procedures that only the old one has.
  package var removed: [String]
  /// Procedures whose only difference is noise.
  package var ignored: [String]
  /// The changes file, or the header; ready to be written.
  package var text: String

  package init(
    changed: [String] = [], added: [String] = [], removed: [String] = [],
    ignored: [String] = [], text: String
  ) {
    self.changed = changed
    self.added = added
    self.removed = removed
    self.ignored = ignored
    self.text = text
  }
}

/// Compares two executables: the engine's part of `ush diff`.
package typealias Differ = @Sendable (DiffRequest) throws(ServiceFailure) -> DiffReport

/// Compares two executables and prints or writes the outcome; differences are no failure.
package func printDifferences(
  _ request: DiffRequest, to output: String?, _ console: Console, using differ: Differ
) throws(ServiceFailure) {
  let report = try differ(request)
  if let output {
    try writeFile(output, report.text)
  }
  if console.isJSON {
    console.printJSON(report)
  } else if output == nil {
    console.copy(Array(report.text.utf8))
  }
}
