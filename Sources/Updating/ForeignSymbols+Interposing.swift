package import VersionSpace

extension ForeignSymbols {
  /// Which of `names`, that a new version defines for the first time, something else in the running
  /// program has bound already: a library, or what was linked into the program.
  ///
  /// Had the program begun with them, that would use them (`malloc`); now it goes on using what it
  /// found when it began.
  package func boundElsewhere(
    _ names: Set<String>, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> Set<String> {
    var bound = names.filter(isOwn)
    for library in libraries {
      for relocation in try library.relocations(memory: memory)
      where [1, 6, 7].contains(relocation.type) && relocation.symbol != 0 {
        guard let name = try library.symbolName(relocation.symbol, memory: memory),
          names.contains(name)
        else { continue }
        bound.insert(name)
      }
    }
    return bound
  }
}
