import ArgumentParser

extension CompletionKind {
  /// The names of the programs there are.
  static var programs: CompletionKind {
    .shellCommand("ush list 2>/dev/null | tail -n +2 | cut -d ' ' -f 1")
  }
}
