import Measuring

/// What each option costs that pupcc adds to gcc's command line.
struct FlagsPart: Part {
  static let name = "flags"

  func measure(in surroundings: Surroundings) throws(BenchmarkFailure) -> Section {
    let laboratory = Laboratory(in: surroundings)
    let programs = Program.chosen(Program.real, in: surroundings)
    let ways = try Ways(in: surroundings)
    let small = programs.filter { $0.name != "sqlite" }
    try laboratory.build(programs, ways.forAll)
    try laboratory.build(small, ways.forSmall)
    let rounds = surroundings.isQuick ? 3 : 5
    var section = Section(
      name: Self.name, title: "The options", introduction: Self.introduction)
    section.circumstances = "\(rounds) rounds"
    section.conclusions = Self.conclusions
    let counts = try laboratory.counts(programs, ways.forAll)
    let more = try laboratory.counts(small, [.plain] + ways.forSmall)
    section.tables = [
      Self.table(
        "Instructions over plain `gcc -O2`, with one option", programs, ways.alone + [ways.flags],
        over: .plain, counts),
      Self.table(
        "Instructions over plain `gcc -O2`, with all options but one", small, ways.others,
        over: .plain, more),
      Self.table(
        "Instructions over plain `gcc -O2`, without one pass that `-flive-patching` switches off",
        small, ways.passes, over: .plain, more),
      Self.table(
        "Instructions over *flags only*, with one more option of `--keep-calls`", programs,
        ways.kept, over: ways.flags, counts),
      try times(laboratory, programs, ways, rounds: rounds),
    ]
    return section
  }

  private static func table(
    _ caption: String, _ programs: [Program], _ ways: [Build], over base: Build, _ counts: Counts
  ) -> Table {
    var table = Table(caption, heading: ["option"] + programs.map(\.name))
    for way in ways {
      table.add([.text(way.name)] + programs.map { counts.change($0, way, over: base) })
    }
    return table
  }

  private func times(
    _ laboratory: Laboratory, _ programs: [Program], _ ways: Ways, rounds: Int
  ) throws(BenchmarkFailure) -> Table {
    let contenders =
      ways.alone.filter { $0.name.contains("live-patching") } + [ways.flags, ways.once]
    var table = Table(
      "User time over plain `gcc -O2`", heading: ["program"] + contenders.map(\.name))
    for program in programs {
      let measured = try laboratory.times(program, [.plain] + contenders, rounds: rounds)
      table.add(
        [.text(program.name)] + contenders.map { .change(measured.ratio($0, over: .plain)) })
    }
    return table
  }

  /// The builds, by what is compared.
  private struct Ways {
    var flags: Build
    /// Plain with one option, and with all others.
    var alone: [Build]
    var others: [Build]
    /// Plain without one pass.
    var passes: [Build]
    /// All options and one more.
    var kept: [Build]
    var once: Build

    var forAll: [Build] { [.plain, flags] + alone + kept }

    /// Not of the one that takes gcc so long.
    var forSmall: [Build] { others + passes }

    init(in surroundings: Surroundings) throws(BenchmarkFailure) {
      // Debug information changes no code.
      let added = try Build.addedFlags(in: surroundings).filter { $0 != "-g" }
      let sections = added.filter { $0.hasSuffix("-sections") }
      let groups = [sections] + added.filter { !sections.contains($0) }.map { [$0] }
      flags = .gcc("flags only", added)
      alone = groups.map { .gcc($0.joined(separator: " "), $0) }
      others = groups.map { group in
        .gcc(
          "without " + group.joined(separator: " "), added.filter { !group.contains($0) })
      }
      passes = try Self.passes(of: added).map { .gcc($0, [$0]) }
      let more = try Build.addedFlags("--keep-calls", in: surroundings)
      kept = more.filter { $0 != "-g" && !added.contains($0) }.map {
        .gcc("with " + $0, added + [$0])
      }
      once = .gcc(
        "flags only and -fno-inline-functions-called-once",
        added + ["-fno-inline-functions-called-once"])
      kept = kept.map { $0.flags == once.flags ? once : $0 }
    }

    /// The options that gcc itself says are off with `flags`, and on without them.
    private static func passes(of flags: [String]) throws(BenchmarkFailure) -> [String] {
      func enabled(_ flags: [String]) throws(BenchmarkFailure) -> [String] {
        try Child(["gcc", "-O2"] + flags + ["-Q", "--help=optimizers"]).text()
          .split(separator: "\n").filter { $0.hasSuffix("[enabled]") }
          .compactMap { $0.split(whereSeparator: \.isWhitespace).first.map(String.init) }
      }
      let still = Set(try enabled(flags))
      return try enabled([]).filter { !still.contains($0) }.map { "-fno-" + $0.dropFirst(2) }
    }
  }
}
