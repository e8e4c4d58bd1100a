import Relinking

/// What a compilation leaves in literals of itself: the unit's path, its directory, date and time.
///
/// Literals that are equal once these are blanked are noise (design: "Noise").
struct CompileTraces: Hashable, Sendable {
  /// Longest first, so that the directory does not break up the path that begins with it.
  private let traces: [[UInt8]]
  /// When the object was done, in seconds since midnight.
  private let endOfCompilation: Int?

  /// `__TIME__` is when gcc began with the file, the note says when it was done with it.
  private static let longestCompilation = 600

  init(_ unit: Delta.Unit) {
    let joined = unit.path.hasPrefix("/") ? unit.path : unit.directory + "/" + unit.path
    let texts = [unit.path, joined, unit.directory, unit.compileDate]
    traces = Set(texts).map { Array($0.utf8) }.filter { $0.count > 1 }
      .sorted { ($1.count, $0.description) < ($0.count, $1.description) }
    endOfCompilation = Self.secondsSinceMidnight(Array(unit.compileTime.utf8)[...])
  }

  /// `bytes` with each trace replaced by one byte that no text has.
  func blanked(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      let count = traceByteCount(bytes[place...])
      result.append(count > 0 ? 0xFF : bytes[place])
      place += max(count, 1)
    }
    return result
  }

  /// How long the trace is that `bytes` begin with; 0 if they begin with none.
  private func traceByteCount(_ bytes: ArraySlice<UInt8>) -> Int {
    if let trace = traces.first(where: { bytes.starts(with: $0) }) { return trace.count }
    guard let end = endOfCompilation, let time = Self.secondsSinceMidnight(bytes.prefix(8)) else {
      return 0
    }
    let day = 24 * 60 * 60
    return (end - time + day) % day <= Self.longestCompilation ? 8 : 0
  }

  /// Reads `HH:MM:SS`.
  private static func secondsSinceMidnight(_ text: ArraySlice<UInt8>) -> Int? {
    let bytes = Array(text)
    guard bytes.count == 8, bytes[2] == 0x3A, bytes[5] == 0x3A else { return nil }
    var fields: [Int] = []
    for place in [0, 3, 6] {
      let digits = bytes[place..<place + 2]
      guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      fields.append(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }
    guard fields[0] < 24, fields[1] < 60, fields[2] < 60 else { return nil }
    return fields[0] * 3600 + fields[1] * 60 + fields[2]
  }
}
