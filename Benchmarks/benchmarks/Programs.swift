/// A program that computes, and how it is run (Benchmarks/Programs).
struct Program: Hashable, Sendable {
  /// Of its recipe, too.
  var name: String
  /// Words of a run that takes about half a second; `%` stands for the repository.
  var timed: [String]
  /// Words of a run that is small enough to count its instructions.
  var counted: [String]
  /// How many bytes of text are read from standard input, in each of the two.
  var timedInput = 0
  var countedInput = 0

  /// Others wrote these.
  static let real = [
    Program(
      name: "lua", timed: ["%/Benchmarks/Programs/lua/work.lua", "400"],
      counted: ["%/Benchmarks/Programs/lua/work.lua", "2"]),
    Program(
      name: "sqlite", timed: ["--memdb", "--size", "40", "--testset", "main"],
      counted: ["--memdb", "--size", "2", "--testset", "main"]),
    Program(name: "zlib", timed: [], counted: [], timedInput: 22_000_000, countedInput: 1_000_000),
    Program(
      name: "bzip2", timed: ["-c"], counted: ["-c"], timedInput: 9_000_000, countedInput: 300_000),
  ]

  /// Ours, which do almost nothing but call: directly, or by address.
  static let calls = [
    Program(name: "calls", timed: ["800000"], counted: ["1000"]),
    Program(name: "pointers", timed: ["1500000"], counted: ["5000"]),
  ]

  /// Of a quick run: without the one that takes gcc so long.
  static func chosen(_ all: [Program], in surroundings: Surroundings) -> [Program] {
    surroundings.isQuick ? all.filter { $0.name != "sqlite" } : all
  }
}
