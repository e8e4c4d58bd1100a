package import VersionSpace

/// What of one of the target's arenas is in use; space is handed out upwards and kept.
package struct Arena: Hashable, Sendable, Codable {
  package let range: Range<UInt64>
  package private(set) var used: UInt64

  /// An arena of which the first `used` bytes are taken.
  package init(range: Range<UInt64>, used: UInt64 = 0) {
    self.range = range
    self.used = used
  }

  package var freeByteCount: UInt64 { range.upperBound - range.lowerBound - used }

  /// Hands out `byteCount` bytes.
  ///
  /// - Parameters:
  ///   - byteCount: how many.
  ///   - alignment: a power of two.
  ///   - name: the arena's, for messages.
  /// - Returns: the first.
  /// - Throws: `.arenaFull`; nothing is then taken.
  package mutating func allocate(
    _ byteCount: UInt64, alignment: UInt64, named name: ArenaName
  ) throws(LinkFailure) -> TraceeAddress {
    let first = range.lowerBound + used
    let start = (first &+ (alignment - 1)) & ~(alignment - 1)
    let (end, overflow) = start.addingReportingOverflow(byteCount)
    guard !overflow, start >= first, end <= range.upperBound else {
      throw .arenaFull(name, needed: byteCount, free: freeByteCount)
    }
    used = end - range.lowerBound
    return TraceeAddress(rawValue: start)
  }
}

package enum ArenaName: String, Hashable, Sendable, Codable {
  case text, data
  /// Of each thread (`--tls-reserve`).
  case threadLocal = "thread-local"
}

/// Why new code cannot be put into the target; nothing has been written when it is thrown.
package enum LinkFailure: Error, Hashable, Sendable {
  /// Sizes in bytes.
  case arenaFull(ArenaName, needed: UInt64, free: UInt64)
  /// No loaded object defines the symbol.
  case unresolved(symbol: String, by: String)
  /// The symbol is an ifunc that nobody has resolved yet.
  case unresolvedIndirect(symbol: String, by: String)
  case unsupportedRelocation(type: String, symbol: String, by: String)
  /// The value does not fit in the field.
  case outOfReach(symbol: String, by: String)
  /// A thread-local datum that living threads have no room for.
  case threadLocal(symbol: String, by: String)
  /// A new thread-local datum that does not begin as zero.
  case threadLocalValue(String)
  case undecodable(procedure: String, atByte: Int)
  case malformed(String)
  /// The target could not be asked for foreign symbols.
  case tracee(TraceeFailure)
}
