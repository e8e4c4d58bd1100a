import Measuring

/// What a program that can be updated costs while it is not.
struct SteadyPart: Part {
  static let name = "steady"

  func measure(in surroundings: Surroundings) throws(BenchmarkFailure) -> Section {
    let laboratory = Laboratory(in: surroundings)
    let ways = Ways(
      flags: try .flagsOnly(in: surroundings), direct: .pupcc("direct", in: surroundings),
      table: .pupcc("table", in: surroundings))
    let programs = Program.chosen(Program.real + Program.calls, in: surroundings)
    let rounds = surroundings.isQuick ? 3 : 11
    try laboratory.build(programs, ways.all)
    var section = Section(
      name: Self.name, title: "The steady state", introduction: Self.introduction)
    section.circumstances = "\(rounds) rounds"
    section.conclusions = Self.conclusions
    var times = Table(
      "User time, as the change over the same program of plain `gcc -O2`",
      heading: ["program", "gcc -O2", "flags only", "direct", "table", "direct over flags only"])
    var chart = BarChart(
      title: "User time over gcc -O2", unit: "%", series: ["flags only", "direct", "table"])
    for program in programs {
      let measured = try laboratory.times(program, ways.all, rounds: rounds)
      let ratios = [ways.flags, ways.direct, ways.table].map { measured.ratio($0, over: .plain) }
      times.add(
        [.text(program.name), .quantity(measured.median(of: .plain), "s")]
          + ratios.map(Value.change) + [.change(measured.ratio(ways.direct, over: ways.flags))])
      chart.groups.append(.init(program.name, ratios.map(\.asPercent)))
    }
    section.tables = [times, try instructions(programs, ways, laboratory)]
    section.charts = [.bars(chart)]
    return section
  }

  private func instructions(
    _ programs: [Program], _ ways: Ways, _ laboratory: Laboratory
  ) throws(BenchmarkFailure) -> Table {
    var table = Table(
      "Instructions of a smaller run, counted by callgrind",
      heading: ["program", "gcc -O2", "flags only", "direct", "table", "direct over flags only"])
    let counts = try laboratory.counts(programs, ways.all)
    for program in programs {
      table.add(
        [.text(program.name), counts.millions(program, .plain)]
          + [ways.flags, ways.direct, ways.table].map { counts.change(program, $0, over: .plain) }
          + [counts.change(program, ways.direct, over: ways.flags)])
    }
    return table
  }

  private struct Ways {
    var flags: Build
    var direct: Build
    var table: Build

    var all: [Build] { [.plain, flags, direct, table] }
  }

  private static let introduction = """
    What a program pays for being updatable while nobody updates it. Four builds of each program, all with \
    `-O2`: by plain gcc; by gcc with the code generation options that pupcc adds (`pupcc --print-flags`), \
    *flags only*; and by pupcc in its two call modes, `direct` (the default) and `table`. Lua runs \
    `Benchmarks/Programs/lua/work.lua`, SQLite its own speedtest1 in memory, zlib's minigzip and bzip2 pack \
    generated text. `calls` and `pointers` are ours and the worst cases: they do almost nothing but call \
    small procedures that are kept apart, directly and by address.
    """

  private static let conclusions = """
    Where the time goes. Nearly all of it is what gcc leaves undone under the added options, not what pupcc \
    does: the last column of the instructions is what pupcc itself adds in `direct` mode. Until a \
    procedure is first replaced, direct calls of it lead straight to its body, so `calls` does not pay for the \
    binding table. A call by address takes one instruction more, the jump of the trampoline (two in code of \
    `-fcf-protection`); `pointers` shows that at its worst, Lua and SQLite as it is in programs that have tables of \
    functions. Starting the program costs more, once, for the runtime's copy of the unwind index: a few \
    instructions for each procedure. In `table` mode each call takes the jump.

    Under equal instruction counts, times still differ by some percent either way: procedures lie in other \
    places, and loops cross other cache lines. Lua shows it most, nearly all of whose time is in one loop: the \
    same objects, linked by pupcc in the reverse order, take as long as those of gcc. So the counts say what \
    pupcc costs, and the times how much luck there is in a link.
    """
}

extension Estimate {
  /// A ratio as a change in percent.
  var asPercent: Estimate { Estimate((value - 1) * 100, (low - 1) * 100, (high - 1) * 100) }
}
