import Foundation

/// The results of all kinds of programs, as a page of the documentation.
struct OracleTable {
  private var rows: [(program: OracleProgram, tally: OracleTally)] = []

  mutating func append(_ program: OracleProgram, _ tally: OracleTally) {
    rows.append((program, tally))
  }

  var pointCount: Int { rows.reduce(0) { $0 + $1.tally.pointCount } }

  /// Walks that stopped in code that has unwind information.
  var notSafeWithInformationCount: Int {
    rows.reduce(0) { $0 + $1.tally.notSafeWithInformationCount }
  }

  /// Replaces what stands below the line `<!-- table -->` of the file at `path`.
  func write(to path: String) throws {
    let old = try String(contentsOfFile: path, encoding: .utf8)
    let mark = "<!-- table -->\n"
    let head = old.range(of: mark).map { String(old[..<$0.upperBound]) } ?? old + mark
    try (head + text).write(toFile: path, atomically: true, encoding: .utf8)
  }

  private var text: String {
    var lines = [
      "",
      "| program | points | frames | same | not safe | gdb stopped early | disagree |",
      "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for (program, tally) in rows { lines.append(row("`\(program)`", [tally])) }
    lines.append(row("all", rows.map(\.tally)))
    lines += ["", "Where walks stopped as not safe:", ""] + list(rows.map { $0.tally.notSafe() })
    lines += ["", "Where gdb stopped too early:", ""]
    lines += list(rows.map { $0.tally.debuggerStopped() })
    return lines.joined(separator: "\n") + "\n"
  }

  private func row(_ title: String, _ tallies: [OracleTally]) -> String {
    func sum(_ value: (OracleTally) -> Int) -> String { "\(tallies.map(value).reduce(0, +))" }
    let cells = [
      title, sum(\.pointCount), sum(\.frameCount), sum(\.sameCount),
      sum { $0.notSafe().map(\.count).reduce(0, +) },
      sum { $0.debuggerStopped().map(\.count).reduce(0, +) }, sum(\.disagreements.count),
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private func list(_ parts: [[(reason: String, count: Int)]]) -> [String] {
    var counts: [String: Int] = [:]
    for part in parts.joined() { counts[part.reason, default: 0] += part.count }
    guard !counts.isEmpty else { return ["- nowhere"] }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      "- \($0.key): \($0.value)"
    }
  }
}
