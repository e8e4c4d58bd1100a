import Foundation
import Measuring

/// What preparing an update takes, over the size of the program.
struct ScalePart: Part {
  static let name = "scale"

  func measure(in surroundings: Surroundings) throws(BenchmarkFailure) -> Section {
    let sizes = surroundings.isQuick ? [250, 1_000] : [1_000, 4_000, 16_000, 50_000]
    let rounds = surroundings.isQuick ? 1 : 3
    var results: [BigProgram.Result] = []
    for size in sizes {
      surroundings.note("\(size) procedures")
      let program = BigProgram(procedures: size, surroundings: surroundings)
      results.append(try program.measure(rounds: rounds))
    }
    var section = Section(
      name: Self.name, title: "Large programs",
      introduction: """
        Made-up programs (Benchmarks/Programs/big_program.py), of which 20 procedures change. *Prepared* is \
        all that is done before the first stop, while the program runs: reading the new version, \
        comparing, planning, linking, writing the plan to the journal and the new code to the \
        program. *From the cache* is the same for files that were read before.
        """)
    section.tables = [Self.prepared(results), Self.phases(results), Self.building(results)]
    section.charts = [Self.chart(results)]
    section.circumstances =
      "\(rounds) update\(rounds == 1 ? "" : "s") of each program, by a pup of its own"
    section.conclusions = Self.conclusions
    return section
  }

  private static func prepared(_ results: [BigProgram.Result]) -> Table {
    var table = Table(
      "Preparing an update",
      heading: [
        "procedures", "prepared", "from the cache", "longest pause", "pup at its largest",
        "for each procedure",
      ])
    for result in results {
      table.add([
        .text("\(result.procedures)"), .quantity(result.fresh.total, "s"),
        .range(result.cachedTotal, "s"), .quantity(result.longestPause * 1000, "ms"),
        .quantity(Double(result.peakByteCount) / 1e6, "MB"),
        .quantity(Double(result.peakByteCount) / Double(result.procedures) / 1000, "kB"),
      ])
    }
    return table
  }

  private static func phases(_ results: [BigProgram.Result]) -> Table {
    let names = ["read", "compare", "look up", "plan", "record", "inject", "unwind"]
    var table = Table(
      "Where it goes: microseconds for each procedure, of files that were read before",
      heading: ["procedures"] + names)
    for result in results {
      table.add(
        [.text("\(result.procedures)")]
          + names.map { name in
            let samples = result.cached.map { $0.phases[name] ?? 0 }
            return .quantity(Statistics.median(samples) * 1e6 / Double(result.procedures), "")
          })
    }
    return table
  }

  private static func building(_ results: [BigProgram.Result]) -> Table {
    var table = Table(
      "Building, in seconds of processor time",
      heading: [
        "procedures", "gcc compiles", "pupcc compiles", "pupcc links", "link at its largest",
      ])
    for result in results {
      table.add([
        .text("\(result.procedures)"), .quantity(result.building.gcc, "s"),
        .quantity(result.building.compile, "s"), .quantity(result.building.link, "s"),
        .quantity(Double(result.building.linkPeakByteCount) / 1e6, "MB"),
      ])
    }
    return table
  }

  private static func chart(_ results: [BigProgram.Result]) -> Chart {
    func line(
      _ name: String, _ value: (BigProgram.Result) -> Estimate
    ) -> LineChart.Series {
      LineChart.Series(
        name, results.map { LineChart.Point(Double($0.procedures), value($0)) })
    }
    return .lines(
      LineChart(
        title: "Preparing an update, over the size of the program", xUnit: "procedures",
        yUnit: "s",
        series: [
          line("prepared") { Estimate(exact: $0.fresh.total) },
          line("from the cache") { $0.cachedTotal },
          line("longest pause") { Estimate(exact: $0.longestPause) },
        ]))
  }

  private static let conclusions = """
    Time and memory grow with the program, and not faster. Of a first preparation most is reading the \
    delta, which is JSON; the cache keeps it in a form that takes a fraction of that. It is found by \
    the digest of what was read, so that a file which was changed, even one of the same build ID, is read \
    anew. What is left then is half reading (the objects, and finding out what lies where) and \
    half comparing, of which again half is decoding the code of both versions, side by side. What the \
    change itself costs (planning, linking, writing) hardly shows; the plan's record in the journal \
    grows with the program only by the few bytes that a procedure has in it. In the
    stop, only what leads to procedures that are running is looked at: who may call whom is turned
    round before, and no set of pairs of procedures is kept anywhere. The pause still grows with the
    size of the pup: a keeper is forked in it that guards the writes, and the kernel copies the
    pup's page tables for it.

    `Tests/ScaleTests` guards this: it counts the instructions of each phase for a program and for \
    one of twice its size.
    """
}
