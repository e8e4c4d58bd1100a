/// A kind of program that walks are compared in.
struct OracleProgram: Sendable, CustomStringConvertible {
  var name: String
  var flags: [String]
  /// Compiled by `pupcc`, so that its procedures are called through trampolines.
  var isPrepared: Bool

  var description: String {
    (isPrepared ? "pupcc " : "gcc ") + "\(flags.joined(separator: " ")) \(name).c"
  }

  init(_ name: String, _ flags: String..., isPrepared: Bool = false) {
    self.name = name
    self.flags = flags
    self.isPrepared = isPrepared
  }

  static let all = [
    OracleProgram("shapes", "-O0"),
    OracleProgram("shapes", "-O1", "-Wl,-z,lazy"),
    OracleProgram("shapes", "-O2", "-fno-plt"),
    OracleProgram("shapes", "-O3", "-mavx2"),
    OracleProgram("shapes", "-Os", "-fcf-protection", "-Wl,-z,lazy"),
    OracleProgram("shapes", "-O2", "-fno-omit-frame-pointer", "-no-pie"),
    OracleProgram("shapes", "-O2", "-static", "-Wl,--eh-frame-hdr"),
    OracleProgram("shapes", "-O1", "-static-pie", "-fcf-protection"),
    OracleProgram("shapes", "-O2", "-fstack-clash-protection", "-fstack-protector-all"),
    OracleProgram("shapes", "-O2", "-fomit-frame-pointer", "-maccumulate-outgoing-args"),
    OracleProgram("signals", "-O0"),
    OracleProgram("signals", "-O2", "-Wl,-z,lazy"),
    OracleProgram("signals", "-O1", "-static", "-Wl,--eh-frame-hdr"),
    OracleProgram("threads", "-O0", "-Wl,-z,lazy"),
    OracleProgram("threads", "-O2"),
    OracleProgram("threads", "-O2", "-static-pie"),
    OracleProgram("rules", "-O1"),
    OracleProgram("shapes", "-O2", isPrepared: true),
    OracleProgram("signals", "-O1", isPrepared: true),
    OracleProgram("threads", "-O2", "-no-pie", isPrepared: true),
  ]
}
