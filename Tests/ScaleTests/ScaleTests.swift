import Foundation
import TestSupport
import Testing

/// What preparing an update costs for each procedure must not grow with their number.
///
/// Instructions are counted, not time, so that a busy machine gives the same answer; and two sizes
/// are compared in one run, so that nothing has to be known of the machine or the compiler.
@Suite(
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: "/usr/bin/valgrind"),
    "valgrind is missing: scripts/setup installs it"), .timeLimit(.minutes(5)))
struct ScaleTests {
  static let phases = ["Read", "Unpack", "Index", "Compare", "Plan", "Decide", "Unwind"]

  @Test func `twice the program takes twice the instructions, in each phase`() async throws {
    let small = try await counts(ofProcedures: 60)
    let large = try await counts(ofProcedures: 120)
    for phase in Self.phases {
      let one = try #require(small[phase])
      let two = try #require(large[phase])
      #expect(one > 1_000, "\(phase) has hardly run")
      // Twice, and what the work begins with; n² would be 4 times.
      #expect(
        Double(two) < 2.6 * Double(one), "\(phase): \(one) instructions, then \(two)")
    }
  }

  private func counts(ofProcedures count: Int) async throws -> [String: Int] {
    let folder = try temporaryFolder(named: "scale")
    defer { removeFolder(folder) }
    let old = try await program(count, "old", in: folder)
    let new = try await program(count, "new", "--changed", "10", in: folder)
    // As the compiler spells `scaleRead()`.
    let dumps = (["Begin"] + Self.phases).map {
      "--dump-after=$s10ScaleProbe\($0.count + 5)scale\($0)yyF"
    }
    let outcome = try await Command(
      "/usr/bin/valgrind",
      ["--tool=callgrind", "--callgrind-out-file=\(folder)/counts"] + dumps
        + [Surroundings.tool("ScaleProbe"), old, new], timeout: .seconds(240)
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
    return try counts(in: folder)
  }

  /// Each dump names the function after which it was made, and has the instructions since the last.
  private func counts(in folder: String) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: folder)
    where file.hasPrefix("counts.") {
      let lines = String(decoding: bytes(of: "\(folder)/\(file)"), as: UTF8.self).split(
        separator: "\n")
      guard let trigger = lines.first(where: { $0.contains("Trigger: ") }),
        let name = trigger.split(separator: "scale").last,
        let total = lines.last(where: { $0.hasPrefix("totals: ") || $0.hasPrefix("summary: ") })
      else { continue }
      counts[String(name.dropLast(3))] = Int(total.split(separator: " ")[1])
    }
    return counts
  }

  private func program(
    _ count: Int, _ version: String, _ more: String..., in folder: String
  ) async throws -> String {
    let place = "\(folder)/\(version)"
    let written = try await Command(
      "/usr/bin/python3",
      [
        "\(Surroundings.repository)/Benchmarks/Programs/big_program.py", place, "\(count)",
        "--per-file", "50",
      ] + more
    ).run()
    try #require(written.status == 0, "\(written.summary)")
    let made = try await Command(
      "/usr/bin/make", ["-s", "-j2", "CC=\(Surroundings.tool("pupcc"))"], directory: place,
      timeout: .seconds(120)
    ).run()
    try #require(made.status == 0, "\(made.summary)")
    return "\(place)/program"
  }
}
