import Dispatch
import Foundation
import Measuring
import Synchronization

/// Programs in the builds that are compared: each is built once, and run as often as is asked for.
struct Laboratory: Sendable {
  let surroundings: Surroundings

  init(in surroundings: Surroundings) { self.surroundings = surroundings }

  /// Fetches and prepares sources, so that builds only compile and link.
  func prepare(_ programs: [Program]) throws(BenchmarkFailure) {
    for program in programs { try Child("Benchmarks/Programs/build", program.name).run() }
  }

  /// Builds what is not built yet, on all processors.
  func build(_ programs: [Program], _ ways: [Build]) throws(BenchmarkFailure) {
    try prepare(programs)
    let missing = programs.flatMap { program in ways.map { (program, $0) } }.filter {
      !FileManager.default.fileExists(atPath: path($0, $1))
    }
    surroundings.note("building \(missing.count) programs")
    try Self.atOnce(missing.count) { index throws(BenchmarkFailure) in
      let (program, way) = missing[index]
      try compile(program, way, in: folder(program, way))
    }
  }

  /// Does what does not measure times on all processors, and then throws the first failure.
  private static func atOnce(
    _ count: Int, _ work: @Sendable (Int) throws(BenchmarkFailure) -> Void
  ) throws(BenchmarkFailure) {
    let failures = Mutex<[BenchmarkFailure]>([])
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do throws(BenchmarkFailure) {
        try work(index)
      } catch {
        failures.withLock { $0.append(error) }
      }
    }
    if let failure = failures.withLock(\.first) { throw failure }
  }

  /// Builds `program` anew, and says what that used.
  @discardableResult
  func compile(
    _ program: Program, _ way: Build, in folder: String
  ) throws(BenchmarkFailure) -> Child.Usage {
    var child = Child("Benchmarks/Programs/build", program.name, folder)
    child.environment = ["CC": way.compiler, "CFLAGS": way.flags, "PUPCC_FLAGS": ""]
    return try child.run()
  }

  /// Where the executable is, once it is built.
  func path(_ program: Program, _ way: Build) -> String {
    "\(folder(program, way))/\(program.name)"
  }

  private func folder(_ program: Program, _ way: Build) -> String {
    let name = way.name.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    return "\(surroundings.work)/builds/\(name)/\(program.name)"
  }

  /// The user time of a run, in seconds.
  func time(_ program: Program, _ way: Build) throws(BenchmarkFailure) -> Double {
    try run([path(program, way)], program.timed, program.timedInput).user
  }

  /// User times of all ways, measured in turn.
  func times(
    _ program: Program, _ ways: [Build], rounds: Int
  ) throws(BenchmarkFailure) -> Rounds<Build> {
    surroundings.note("\(program.name): \(rounds) rounds of \(ways.count) builds")
    return try Rounds(rounds, ways) { way throws(BenchmarkFailure) in try time(program, way) }
  }

  /// The instructions of small runs of all programs in all builds.
  func counts(_ programs: [Program], _ ways: [Build]) throws(BenchmarkFailure) -> Counts {
    let pairs = programs.flatMap { program in ways.map { (program, $0) } }
    surroundings.note("counting the instructions of \(pairs.count) runs")
    for program in programs { _ = try input(byteCount: program.countedInput) }
    let counts = Mutex(Counts())
    try Self.atOnce(pairs.count) { index throws(BenchmarkFailure) in
      let (program, way) = pairs[index]
      let count = try instructions(program, way)
      counts.withLock { $0.add(count, program, way) }
    }
    return counts.withLock { $0 }
  }

  /// How many instructions a small run retires, as callgrind counts them.
  private func instructions(_ program: Program, _ way: Build) throws(BenchmarkFailure) -> Double {
    let counter = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    let errors = try run(
      counter + [path(program, way)], program.counted, program.countedInput
    ).errors
    guard let line = errors.firstMatch(of: /Collected : (\d+)/), let count = Double(line.1) else {
      throw .unreadable(what: "callgrind's count", text: errors)
    }
    return count
  }

  private func run(
    _ command: [String], _ words: [String], _ byteCount: Int
  ) throws(BenchmarkFailure) -> Child.Usage {
    var child = Child(command + words.map { $0.replacing("%", with: surroundings.repository) })
    child.input = try input(byteCount: byteCount)
    return try child.run()
  }

  /// A file with so much text.
  private func input(byteCount: Int) throws(BenchmarkFailure) -> String {
    guard byteCount > 0 else { return "/dev/null" }
    let path = "\(surroundings.work)/text-\(byteCount)"
    if !FileManager.default.fileExists(atPath: path) {
      try SampleText.write(byteCount: byteCount, to: path)
    }
    return path
  }
}
