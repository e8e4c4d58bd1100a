import Relinking

/// Compiles one source file of a call that also links, aside, leaving beside the program what gcc
/// would leave there.
struct SourceCompilation {
  let driver: Driver
  let source: SourceInput
  let object: String

  func run() throws(DriverFailure) {
    let command = driver.invocation.command
    var words = command.withoutOutput.arguments.filter { argument in
      guard case .option(let option, _) = argument else { return false }
      return !["-l", "-x", "-Wl,", "-Xlinker"].contains { option.hasPrefix($0) }
    }.flatMap(\.words)
    words += driver.flagsFor([source]) + dependencyFlags + dumpFlags
    if let language = source.language { words += ["-x", language] }
    try driver.toolchain.mustRun(words + ["-c", source.path, "-o", object])
    if source.isC { try ObjectPreparation.prepare(object, source: source.path) }
  }

  /// `-MD` names its file and its target after the program, or without `-o` after the source.
  ///
  /// Several sources write the same file in turn, as they do with gcc.
  private var dependencyFlags: [String] {
    let command = driver.invocation.command
    guard command.has("-MD") || command.has("-MMD") else { return [] }
    let own = Driver.defaultObject(source.path)
    var flags: [String] = []
    if !command.hasAny(startingWith: "-MF") {
      let file = command.output.map { Self.stem($0) + ".d" } ?? "a-\(own.dropLast(2)).d"
      flags += ["-MF", file]
    }
    if !command.hasAny(startingWith: "-MT"), !command.hasAny(startingWith: "-MQ") {
      flags += ["-MQ", command.output ?? own]
    }
    return flags
  }

  /// The names of what else gcc writes: stack usage, dumps, saved temporaries.
  private var dumpFlags: [String] {
    let command = driver.invocation.command
    guard !command.hasAny(startingWith: "-dump") else { return [] }
    let output = command.output ?? "a.out"
    let program =
      output.hasSuffix(".exe") || command.output == nil ? String(output.dropLast(4)) : output
    return ["-dumpdir", program + "-"] + baseFlags
  }

  private var baseFlags: [String] {
    let name = source.path.split(separator: "/").last.map(String.init) ?? source.path
    let suffix = name.dropFirst(Self.stem(name).count)
    return ["-dumpbase", name] + (suffix.isEmpty ? [] : ["-dumpbase-ext", String(suffix)])
  }

  /// A path without the suffix of its last component.
  private static func stem(_ path: String) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return path }
    return String(path[..<dot])
  }
}
