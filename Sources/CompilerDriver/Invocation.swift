package import Relinking

/// What one call of `pupcc` is asked to do.
package struct Invocation: Sendable {
  /// What gcc would produce.
  package enum Mode: Hashable, Sendable {
    /// Nothing that we change: preprocessing, queries, help.
    case passThrough
    /// Assembly or precompiled headers, with our code generation flags.
    case assembly
    case objects
    case link
    /// `-shared` or `-r`.
    case linkUntouched
  }

  package var own: OwnOptions
  package var command: CompilerCommand
  package var notes: [String] = []
  /// Why nothing is prepared, when instrumentation that cannot be updated is asked for.
  package var unprepared: String?

  /// gcc's own flags that go with every C file (design section 3).
  package static let codeFlags = [
    "-ffunction-sections", "-fdata-sections", "-flive-patching=inline-clone",
    "-mno-direct-extern-access",
  ]
  static let keepCallsFlags = [
    "-fno-inline-functions-called-once", "-fno-inline-small-functions", "-fno-ipa-sra",
  ]

  package init(_ words: [String], environment: [String: String]) throws(DriverFailure) {
    own = OwnOptions()
    let expanded = try ResponseFiles.expand(words)
    let extra = ResponseFiles.split(environment["PUPCC_FLAGS"] ?? "")
    let rest = try own.take(from: extra + expanded)
    command = CompilerCommand(rest)
    dropConflicts()
  }

  package var mode: Mode {
    let queries = ["-E", "-M", "-MM", "-fsyntax-only", "-###", "--version", "--help", "-v", "-V"]
    if queries.contains(where: command.has), !(command.has("-v") && !inputs.isEmpty) {
      return .passThrough
    }
    // `-lNAME` is an input, too: main may lie in a library.
    if inputs.isEmpty, !command.hasAny(startingWith: "-l") { return .passThrough }
    if command.has("-S") || !inputs.isEmpty && inputs.allSatisfy(\.isHeader) { return .assembly }
    if command.has("-c") { return .objects }
    let untouched = ["-shared", "-r", "--relocatable", "-Bshareable"]
    return untouched.contains(where: command.has)
      || LinkInputs.linkerWords(command.arguments).contains(where: untouched.contains)
      ? .linkUntouched : .link
  }

  package var inputs: [SourceInput] { command.argumentsWithSources.compactMap(\.1) }

  /// Flags for code generation; our `-g` would lower a `-g3`, and must undo a `-g0`.
  package var compileFlags: [String] {
    var hasDebug = false
    for case .option(let option, _) in command.arguments where option.hasPrefix("-g") {
      switch option.dropFirst(2) {
      case "0", "1", "gdb0", "gdb1": hasDebug = false
      case "", "2", "3", "gdb", "gdb2", "gdb3": hasDebug = true
      case let rest where rest.hasPrefix("dwarf-"): hasDebug = true
      default: break
      }
    }
    return (hasDebug ? [] : ["-g"]) + Self.codeFlags
      + (own.keepsCalls ? Self.keepCallsFlags : [])
  }
}

/// `pupcc`'s own options.
package struct OwnOptions: Sendable {
  package var keepsCalls = false
  package var writesCompanions = false
  package var callMode = Delta.CallMode.direct
  package var explains: String?
  package var explainsAsJSON = false
  package var showsHelp = false
  /// Prints what is added to gcc's command line for C files.
  package var printsFlags = false
  /// Of each of the two arenas, in bytes.
  package var arenaByteCount = 16 << 20
  package var tlsReserveByteCount = 1024

  /// Takes our options out of `words` and returns the others.
  mutating func take(from words: [String]) throws(DriverFailure) -> [String] {
    var rest: [String] = []
    var index = 0
    func value(_ option: String, _ word: String) throws(DriverFailure) -> String {
      if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
      index += 1
      guard index < words.count else { throw .usage("\(option) needs a value") }
      return words[index]
    }
    while index < words.count {
      let word = words[index]
      switch word.split(separator: "=").first.map(String.init) ?? word {
      case "--keep-calls": keepsCalls = true
      case "--companions": writesCompanions = true
      case "--json" where explains != nil: explainsAsJSON = true
      case "--explain": explains = try value("--explain", word)
      case "--pupcc-help": showsHelp = true
      case "--print-flags": printsFlags = true
      case "--help" where words == ["--help"]: showsHelp = true
      case "--arena": arenaByteCount = try Self.size(try value("--arena", word), "--arena")
      case "--tls-reserve":
        tlsReserveByteCount = try Self.size(try value("--tls-reserve", word), "--tls-reserve")
      case "--call-mode":
        let mode = try value("--call-mode", word)
        guard let known = Delta.CallMode(rawValue: mode) else {
          throw .usage("--call-mode=\(mode): direct or table")
        }
        callMode = known
      default: rest.append(word)
      }
      index += 1
    }
    return rest
  }

  /// A size as `4096`, `64K`, `4M` or `1G`, rounded up to whole pages.
  ///
  /// - Parameters:
  ///   - text: what was given.
  ///   - option: whose value it is, for the message.
  /// - Returns: the number of bytes.
  /// - Throws: `.usage` when it is no such size.
  package static func size(_ text: String, _ option: String) throws(DriverFailure) -> Int {
    let shift: Int
    switch text.last {
    case "K", "k": shift = 10
    case "M", "m": shift = 20
    case "G", "g": shift = 30
    default: shift = 0
    }
    guard let number = Int(shift == 0 ? text[...] : text.dropLast()), number > 0,
      number <= (1 << 30) >> shift
    else { throw .usage("\(option) \(text): a size such as 64K or 16M, at most 1G, is needed") }
    return ((number << shift) + 4095) / 4096 * 4096
  }
}

/// Why `pupcc` itself failed; what gcc or the linker says is theirs to say.
package enum DriverFailure: Error, Sendable {
  /// The command line is wrong: exit status 2.
  case usage(String)
  /// A file is unusable on its own: exit status 2.
  case unusable(String)
  /// The program cannot be made updatable: exit status 1.
  case cannot(String)
  /// There is no compiler to run: exit status 127, as of a shell.
  case noCompiler(String)
  /// A child ended with this status, having said why.
  case child(Int32)

  package var exitStatus: Int32 {
    switch self {
    case .usage, .unusable: 2
    case .cannot: 1
    case .noCompiler: 127
    case .child(let status): status
    }
  }

  package var sentence: String? {
    switch self {
    case .usage(let text), .unusable(let text), .cannot(let text), .noCompiler(let text): text
    case .child: nil
    }
  }
}
