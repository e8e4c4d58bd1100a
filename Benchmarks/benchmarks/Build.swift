import Foundation

/// One way to build a program.
struct Build: Hashable, Sendable {
  /// In tables, and of its folder.
  var name: String
  /// As makefiles have it in CC.
  var compiler: String
  var flags: String

  static let plain = Build(name: "gcc -O2", compiler: "gcc", flags: "-O2")

  /// Plain gcc with more flags.
  static func gcc(_ name: String, _ flags: [String]) -> Build {
    Build(name: name, compiler: "gcc", flags: (["-O2"] + flags).joined(separator: " "))
  }

  static func pupcc(_ mode: String, in surroundings: Surroundings) -> Build {
    Build(
      name: mode, compiler: "\(surroundings.tool("pupcc")) --call-mode=\(mode)", flags: "-O2")
  }

  /// What pupcc adds to gcc's command line, as it says itself.
  static func addedFlags(
    _ own: String..., in surroundings: Surroundings
  ) throws(BenchmarkFailure) -> [String] {
    try Child([surroundings.tool("pupcc")] + own + ["--print-flags"]).text()
      .split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// Plain gcc with all flags that pupcc adds.
  static func flagsOnly(in surroundings: Surroundings) throws(BenchmarkFailure) -> Build {
    gcc("flags only", try addedFlags(in: surroundings))
  }
}
