import Foundation
import TestSupport
import Testing

/// What a prepared program costs before its first update, in instructions that callgrind counts: the
/// same in each run, however busy the machine.
@Suite(
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: "/usr/bin/valgrind"),
    "valgrind is not installed: scripts/setup installs it"))
struct InstructionTests {
  /// What one run did.
  private struct Count {
    var all: Int
    /// Of functions, by name, without what they call.
    var byName: [String: Int]
  }

  /// Builds a program of Benchmarks/Programs in three ways and counts a run of each.
  private func counts(
    of program: String, _ sources: String...
  ) async throws -> (flags: Count, direct: Count, table: Count) {
    let shop = try Workshop()
    let folder = "\(Surroundings.repository)/Benchmarks/Programs/\(program)"
    let words = sources.map { "\(folder)/\($0)" } + ["-O2", "-g", "-o", "prog"]
    let flags = try await shop.pupcc("--print-flags").output.split(whereSeparator: \.isWhitespace)
      .map(String.init)
    func count(_ compiler: String, _ more: [String]) async throws -> Count {
      let built = try await shop.run(compiler, more + words)
      try #require(built.status == 0, "\(built.summary)")
      return try await self.count(shop)
    }
    return (
      try await count("gcc", flags), try await count(Workshop.pupcc, ["--call-mode=direct"]),
      try await count(Workshop.pupcc, ["--call-mode=table"])
    )
  }

  /// Runs `./prog 1000` under callgrind.
  private func count(_ shop: Workshop) async throws -> Count {
    let outcome = try await shop.run(
      "valgrind", ["--tool=callgrind", "--callgrind-out-file=counts", "./prog", "1000"])
    try #require(outcome.status == 0, "\(outcome.summary)")
    let all = try #require(outcome.errors.firstMatch(of: /Collected : (\d+)/)?.1)
    return Count(all: try #require(Int(all)), byName: Self.functions(in: shop.text("counts")))
  }

  /// The costs of each function itself: `fn=(id) name`, then lines of position and cost; those that
  /// follow `calls=` are the callee's (Callgrind manual, "Callgrind Format Specification").
  private static func functions(in text: String) -> [String: Int] {
    var names: [Substring: Substring] = [:]
    var costs: [String: Int] = [:]
    var current = ""
    var isCall = false
    for line in text.split(separator: "\n") {
      if let match = line.prefixMatch(of: /(c?fn)=(\(\d+\))(?: (.*))?/) {
        if let name = match.3 { names[match.2] = name }
        if match.1 == "fn" { current = names[match.2].map(String.init) ?? "" }
      } else if line.hasPrefix("calls=") {
        isCall = true
      } else if let match = line.wholeMatch(of: /[+*\-0-9]+ (\d+)/) {
        if !isCall { costs[current, default: 0] += Int(match.1) ?? 0 }
        isCall = false
      }
    }
    return costs
  }

  @Test func `direct mode adds under half a percent of instructions to gcc's`() async throws {
    let (flags, direct, table) = try await counts(of: "calls", "main.c", "steps.c")
    #expect(Double(direct.all) <= 1.005 * Double(flags.all), "\(direct.all) over \(flags.all)")
    // What it would be if calls were not direct.
    #expect(Double(table.all) > 1.05 * Double(flags.all), "\(table.all) over \(flags.all)")
  }

  /// A trampoline has the procedure's name, a body its own.
  @Test func `no call takes a trampoline before the first update`() async throws {
    let (_, direct, table) = try await counts(of: "calls", "main.c", "steps.c")
    for name in ["add", "mix", "forward", "even", "odd", "fibonacci", "turn"] {
      #expect(direct.byName[name] == nil, "\(name): \(direct.byName[name] ?? 0) instructions")
      #expect((direct.byName[name + ".pup_body"] ?? 0) >= 1000, "\(name)")
      #expect((table.byName[name] ?? 0) >= 1000, "\(name) does not go through the table")
    }
  }

  /// 1000 turns of 200 calls; the rest is the start of the program.
  @Test func `a call by address takes one instruction more`() async throws {
    let (flags, direct, _) = try await counts(of: "pointers", "main.c")
    let extra = direct.all - flags.all
    #expect((200_000...230_000).contains(extra), "\(extra) in 200,000 calls")
  }
}
