import Foundation
import Measuring

/// What building with pupcc takes.
struct BuildPart: Part {
  static let name = "build"

  func measure(in surroundings: Surroundings) throws(BenchmarkFailure) -> Section {
    let laboratory = Laboratory(in: surroundings)
    let ways: [Build] = [
      .plain, try .flagsOnly(in: surroundings), .pupcc("direct", in: surroundings),
    ]
    let programs = Program.chosen(Program.real, in: surroundings)
    try laboratory.prepare(programs)
    var section = Section(
      name: Self.name, title: "Building", introduction: Self.introduction)
    section.circumstances =
      surroundings.isQuick ? "2 rounds" : "5 rounds; SQLite once, so without an interval"
    section.conclusions = Self.conclusions
    let heading =
      ["program", "gcc -O2"] + ways.dropFirst().map { $0.name == "direct" ? "pupcc" : $0.name }
    var work = Table("User and system time of compiling and linking", heading: heading)
    var wall = Table("Time until it is built", heading: heading)
    var sizes = Table("Size of the executable", heading: heading + ["pupcc, stripped"])
    for program in programs {
      let rounds = surroundings.isQuick ? 2 : program.name == "sqlite" ? 1 : 5
      let used = try build(program, ways, rounds: rounds, laboratory)
      work.add(Self.row(program, used.work, ways))
      wall.add(Self.row(program, used.wall, ways))
      sizes.add(try size(program, ways, in: laboratory))
    }
    section.tables = [work, wall, sizes]
    return section
  }

  private func build(
    _ program: Program, _ ways: [Build], rounds: Int, _ laboratory: Laboratory
  ) throws(BenchmarkFailure) -> (work: Rounds<Build>, wall: Rounds<Build>) {
    laboratory.surroundings.note("\(program.name): \(rounds) rounds of \(ways.count) builds")
    var work = Rounds<Build>()
    var wall = Rounds<Build>()
    for _ in 0..<rounds {
      for way in ways {
        let used = try laboratory.compile(program, way, in: folder(program, way, laboratory))
        work.add(used.processor, of: way)
        wall.add(used.wall, of: way)
      }
    }
    return (work, wall)
  }

  private func folder(_ program: Program, _ way: Build, _ laboratory: Laboratory) -> String {
    "\(laboratory.surroundings.work)/timed/\(way.flags.hash)-\(way.compiler.hash)/\(program.name)"
  }

  private static func row(_ program: Program, _ used: Rounds<Build>, _ ways: [Build]) -> [Value] {
    [.text(program.name), .quantity(used.median(of: .plain), "s")]
      + ways.dropFirst().map { .change(used.ratio($0, over: .plain)) }
  }

  private func size(
    _ program: Program, _ ways: [Build], in laboratory: Laboratory
  ) throws(BenchmarkFailure) -> [Value] {
    var sizes = ways.map { byteCount("\(folder(program, $0, laboratory))/\(program.name)") }
    if let last = ways.last {
      let path = "\(folder(program, last, laboratory))/\(program.name)"
      let stripped = path + ".stripped"
      try Child("strip", "-o", stripped, path).run()
      sizes.append(byteCount(stripped))
    }
    return [.text(program.name)] + sizes.map { .quantity($0 / 1024, "KiB") }
  }

  private func byteCount(_ path: String) -> Double {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.doubleValue ?? .nan
  }

  private static let introduction = """
    What building takes: each C file compiled alone, then linked, one after the other, as by `make`. \
    pupcc adds debug information to every build, so that it is compared with gcc \
    with all of its options (*flags only*), too: what it adds to those is its own.
    """

  private static let conclusions = """
    Where the time goes. Compiling pays for debug information first: gcc and the assembler take longer, and \
    write several times as much. pupcc's own pass over a large object costs a few hundredths of what gcc needs for \
    it; over a small one about as much as gcc's, most of which is pupcc's own start, with the libraries of Swift. \
    So a program of many small files, such as Lua, pays more than one of a large file. At each link it reads the debug information of the whole program, finds the calls, and writes down what \
    an update needs. That grows with the program, and weighs most where a small change is followed by \
    a link. Most of it is writing the description of the program as JSON, and reading the objects again to see which of \
    them pupcc did not compile.

    The executable is larger by its debug information, and by the object code of the whole program that \
    later versions are compared with, compressed. Neither is loaded when the program runs. `strip` keeps the \
    object code: without it a program cannot be updated.
    """
}
