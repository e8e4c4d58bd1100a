import ArgumentParser
import Foundation
import Measuring

/// What an updatable program costs, and what an update does; run by `scripts/benchmark`.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmarks",
    abstract: "Measures what updatable programs cost, and how long updates take.",
    discussion: """
      Without parts, measures all of them. scripts/benchmark builds the tools that are measured, and \
      this, and runs it.

      PARTS
        \(allParts.map { $0.name }.joined(separator: ", "))
      """)

  @Argument(help: "The parts to be measured.")
  var parts: [String] = []

  @Flag(help: "Few rounds, and without SQLite: shows that it works, and little more.")
  var quick = false

  @Flag(help: "Write the sections of the parts and their pictures into docs/.")
  var write = false

  @Option(help: "Also write the results to this file.")
  var json: String?

  @Option(help: "The folder of the tools that are measured.")
  var tools: String

  func run() throws {
    do throws(BenchmarkFailure) {
      try measure()
    } catch {
      FileHandle.standardError.write(Data("benchmarks: \(error.sentence)\n".utf8))
      if case .usage = error { throw ExitCode(2) }
      throw ExitCode(1)
    }
  }

  private func measure() throws(BenchmarkFailure) {
    let names = allParts.map { $0.name }
    for name in parts where !names.contains(name) {
      throw .usage("no part \(name); there are \(names.joined(separator: ", "))")
    }
    let surroundings = try Surroundings(tools: tools, isQuick: quick)
    defer { surroundings.remove() }
    let machine = try Machine.describe()
    let publication = Publication(order: names)
    var sections: [Section] = []
    for part in allParts where parts.isEmpty || parts.contains(part.name) {
      surroundings.note("\(part.name):")
      var section = try part.init().measure(in: surroundings)
      let pieces = [machine, section.circumstances, quick ? "a quick run" : ""]
      section.circumstances = pieces.filter { !$0.isEmpty }.joined(separator: "; ")
      print(section.plain)
      // Each at once: what was measured is kept when a later part fails.
      if write { try publication.publish(section) }
      sections.append(section)
      if let json { try publication.write(sections, to: json) }
    }
  }
}
