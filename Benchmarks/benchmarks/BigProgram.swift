import Foundation
import Measuring

/// A made-up program of many procedures, in two versions, and what updating it takes.
struct BigProgram {
  let procedures: Int
  let surroundings: Surroundings

  /// One preparation: seconds by phase, as `ush update --json` reports them.
  struct Preparation {
    var phases: [String: Double]
    var pauses: [Double]
    var total: Double { phases.values.reduce(0, +) }
  }

  struct Building {
    var gcc = 0.0
    var compile = 0.0
    var link = 0.0
    var linkPeakByteCount = 0
  }

  struct Result {
    var procedures: Int
    var building: Building
    var fresh: Preparation
    var cached: [Preparation]
    var peakByteCount: Int

    var cachedTotal: Estimate { Statistics.medianEstimate(of: cached.map(\.total)) }
    var longestPause: Double { (cached + [fresh]).flatMap(\.pauses).max() ?? 0 }
  }

  /// Builds both versions, runs the first, and updates it forth and back.
  func measure(rounds: Int) throws(BenchmarkFailure) -> Result {
    let folder = try surroundings.folder("scale-\(procedures)")
    var building = Building()
    try build("plain", in: folder, changed: 0, compiler: "gcc", &building)
    try build("1", in: folder, changed: 0, compiler: surroundings.tool("pupcc"), &building)
    try build("2", in: folder, changed: 20, compiler: surroundings.tool("pupcc"), &building)
    let environment = [
      "PUP_RUNTIME_DIR": try surroundings.folder("scale-\(procedures)/run"),
      "XDG_STATE_HOME": try surroundings.folder("scale-\(procedures)/state"),
      "XDG_CACHE_HOME": try surroundings.folder("scale-\(procedures)/cache"),
    ]
    func ush(_ words: String...) throws(BenchmarkFailure) -> String {
      var child = Child([surroundings.tool("ush")] + words)
      child.environment = environment
      return try child.text()
    }
    _ = try ush("run", "big", "\(folder)/1/program")
    defer { _ = try? ush("stop", "big") }
    var preparations: [Preparation] = []
    // The first brings the second version into the cache, where the first is since the start.
    for round in 0...max(1, rounds) {
      let path = "\(folder)/\(round % 2 == 0 ? 2 : 1)/program"
      preparations.append(try Self.preparation(try ush("update", "big", path, "--json")))
    }
    let peak = try Self.peak(try ush("status", "big", "--json"))
    return Result(
      procedures: procedures, building: building, fresh: preparations[0],
      cached: Array(preparations.dropFirst()), peakByteCount: peak)
  }

  private func build(
    _ version: String, in folder: String, changed: Int, compiler: String, _ building: inout Building
  ) throws(BenchmarkFailure) {
    let place = "\(folder)/\(version)"
    let perFile = procedures >= 50_000 ? 500 : procedures >= 16_000 ? 100 : 50
    try Child(
      "python3", "Benchmarks/Programs/big_program.py", place, "\(procedures)", "--changed",
      "\(changed)", "--per-file", "\(perFile)"
    ).run()
    let flags = version == "plain" ? "CFLAGS=-O1 -g" : "CFLAGS=-O1"
    let make = ["make", "-s", "-C", place, "CC=\(compiler)", flags]
    let compiled = try Child(make + ["-j2", "objects"]).run()
    if version == "plain" {
      building.gcc = compiled.processor
      return
    }
    let linked = try Child(make).run()
    building.compile = compiled.processor
    building.link = linked.processor
    building.linkPeakByteCount = linked.maximumResidentByteCount
  }

  private struct Phase: Decodable {
    var name: String
    var us: Double
  }

  private struct Report: Decodable {
    var result: String
    var pauses_us: [Double]
    var preparation: [Phase]?
  }

  private static func preparation(_ text: String) throws(BenchmarkFailure) -> Preparation {
    guard let report = try? JSONDecoder().decode(Report.self, from: Data(text.utf8)),
      report.result == "updated", let phases = report.preparation
    else { throw .unreadable(what: "the report of an update", text: text) }
    return Preparation(
      phases: Dictionary(uniqueKeysWithValues: phases.map { ($0.name, $0.us / 1e6) }),
      pauses: report.pauses_us.map { $0 / 1e6 })
  }

  private struct Status: Decodable {
    struct Pup: Decodable { var pid: Int }
    var pup: Pup
  }

  /// How large the pup has been (proc(5), VmHWM).
  private static func peak(_ text: String) throws(BenchmarkFailure) -> Int {
    guard let status = try? JSONDecoder().decode(Status.self, from: Data(text.utf8)),
      let facts = try? String(contentsOfFile: "/proc/\(status.pup.pid)/status", encoding: .utf8),
      let line = facts.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { throw .unreadable(what: "the size of the pup", text: text) }
    return number * 1024
  }
}
