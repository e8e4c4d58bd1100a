extension Invocation {
  /// What gcc refuses beside `-flive-patching`.
  private static let unmixable: Set<String> = [
    "-flto", "-fwhole-program", "-fipa-pta", "-fipa-ra", "-fipa-icf", "-fipa-modref",
    "-fipa-stack-alignment", "-fipa-icf-functions", "-fipa-icf-variables", "-fipa-reference",
    "-fipa-reference-addressable", "-fipa-bit-cp", "-fipa-vrp", "-fipa-pure-const",
  ]

  /// Drops what cannot be had, and notices what cannot be prepared, with a note for each.
  mutating func dropConflicts() {
    command.arguments.removeAll { argument in
      guard case .option(let option, _) = argument, let reason = Self.reason(against: option) else {
        return false
      }
      notes.append("\(option) is dropped: \(reason)")
      return true
    }
    for case .option(let option, _) in command.arguments where Self.isUnpreparable(option) {
      unprepared = option
    }
    if let unprepared {
      notes.append("\(unprepared) programs cannot be updated: passed through unprepared")
    }
  }

  private static func reason(against option: String) -> String? {
    if unmixable.contains(option) || option.hasPrefix("-flto=") {
      return "versions could not be mixed with it"
    }
    if option == "-gz" || option.hasPrefix("-gz=") {
      return "debug information is read and rewritten as it is"
    }
    if option == "-gsplit-dwarf" { return "a program carries its debug information itself" }
    if option.hasPrefix("-fuse-ld="), option != "-fuse-ld=bfd" {
      return "only the GNU linker understands the script that gathers the binding table"
    }
    return nil
  }

  /// Instrumentation, the large code model, and other machines than x86_64.
  private static func isUnpreparable(_ option: String) -> Bool {
    let words: Set<String> = [
      "-pg", "-p", "--coverage", "-ftest-coverage", "-finstrument-functions", "-m32", "-mx32",
      "-m16",
      // Code that reaches nothing by 32 bits; trampolines do.
      "-mcmodel=large",
    ]
    return words.contains(option) || option.hasPrefix("-fsanitize=")
      || option.hasPrefix("-fprofile-")
  }
}
