/// How one word of a gcc command line is to be understood.
package enum Argument: Hashable, Sendable {
  /// An option, with the separate words that belong to it.
  case option(String, [String])
  /// A file to compile or link, in its place among the libraries.
  case input(String)

  package var words: [String] {
    switch self {
    case .option(let option, let values): [option] + values
    case .input(let path): [path]
    }
  }
}

/// A gcc command line, split but not interpreted further than is needed.
package struct CompilerCommand: Sendable {
  package var arguments: [Argument] = []

  /// Options whose value is the next word (GCC manual, "Option Summary").
  private static let separate: Set<String> = [
    "-o", "-x", "-I", "-L", "-l", "-D", "-U", "-A", "-B", "-T", "-u", "-z", "-e", "-h", "-G",
    "-include", "-imacros", "-isystem", "-iquote", "-idirafter", "-iprefix", "-iwithprefix",
    "-iwithprefixbefore", "-isysroot", "-imultilib", "-MF", "-MT", "-MQ", "-Xlinker",
    "-Xpreprocessor", "-Xassembler", "-aux-info", "--param", "-specs", "-dumpbase", "-dumpdir",
    "-dumpbase-ext", "-wrapper", "-arch", "-Tdata", "-Ttext", "-Tbss", "--entry", "--output",
    "--sysroot",
  ]

  package init(_ words: [String]) {
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      guard word.hasPrefix("-"), word != "-" else {
        arguments.append(.input(word))
        continue
      }
      guard Self.separate.contains(word), index < words.count else {
        arguments.append(.option(word, []))
        continue
      }
      arguments.append(.option(word, [words[index]]))
      index += 1
    }
  }

  package var words: [String] { arguments.flatMap(\.words) }

  package func has(_ option: String) -> Bool {
    arguments.contains {
      if case .option(option, _) = $0 { true } else { false }
    }
  }

  package func hasAny(startingWith prefix: String) -> Bool {
    arguments.contains {
      if case .option(let option, _) = $0 { option.hasPrefix(prefix) } else { false }
    }
  }

  /// Every argument, and for an input how gcc takes it where it stands.
  package var argumentsWithSources: [(Argument, SourceInput?)] {
    var language: String?
    return arguments.map { argument in
      switch argument {
      case .input(let path): return (argument, SourceInput(path: path, language: language))
      case .option(let option, let values):
        if option.hasPrefix("-x") {
          language = option == "-x" ? values.first : String(option.dropFirst(2))
          if language == "none" { language = nil }
        }
        return (argument, nil)
      }
    }
  }

  /// The value of the last `-o FILE` or `-oFILE`.
  package var output: String? {
    arguments.compactMap { argument -> String? in
      guard case .option(let option, let values) = argument else { return nil }
      if option == "-o" || option == "--output" { return values.first }
      if option.hasPrefix("-o"), option.count > 2 { return String(option.dropFirst(2)) }
      return nil
    }.last
  }

  /// The command line without `-o`.
  package var withoutOutput: CompilerCommand {
    var copy = self
    copy.arguments.removeAll { argument in
      guard case .option(let option, _) = argument else { return false }
      return option.hasPrefix("-o") || option == "--output"
    }
    return copy
  }
}
