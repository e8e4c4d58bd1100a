import Relinking

/// What a compilation leaves in literals of itself: the unit's path, its directory, date and time.
///
/// Literals that are equal once these are blanked are noise (design: "Noise").
struct CompileTraces: Hashable, Sendable {
  /// Longest first, so that the directory does not break up the path that begins with it.
  private let traces: [[UInt8]]

  init(_ unit: Delta.Unit) {
    let joined = unit.path.hasPrefix("/") ? unit.path : unit.directory + "/" + unit.path
    let texts = [unit.path, joined, unit.directory, unit.compileDate, unit.compileTime]
    traces = Set(texts).map { Array($0.utf8) }.filter { $0.count > 1 }
      .sorted { ($1.count, $0.description) < ($0.count, $1.description) }
  }

  /// `bytes` with each trace replaced by one byte that no text has.
  func blanked(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      if let trace = traces.first(where: { bytes[place...].starts(with: $0) }) {
        result.append(0xFF)
        place += trace.count
      } else {
        result.append(bytes[place])
        place += 1
      }
    }
    return result
  }
}
