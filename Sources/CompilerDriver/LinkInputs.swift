import ELFFile
import Foundation
import ObjectModel
import Relinking

/// What a link is given, as far as that decides whether an updatable program can come of it.
struct LinkInputs {
  let arguments: [Argument]

  init(_ arguments: [Argument]) { self.arguments = arguments }

  /// Whether `path` is a companion that `pupcc` wrote beside a program, as `gcc *.o` finds it.
  static func isProduct(_ path: String) -> Bool {
    guard path.hasSuffix(".o"), mentions(PreparedName.productNote, path),
      let bytes = try? ELFReader.bytes(atPath: path),
      let object = try? ELFReader.object(bytes, name: path)
    else { return false }
    return object.section(named: PreparedName.productNote) != nil
  }

  /// Why this link cannot be helped; `nil` if it can.
  var reasonAgainst: String? {
    let words = Self.linkerWords(arguments)
    let hasScript = words.contains { word in
      word == "-T" || word.hasPrefix("--script") || word == "-dT"
    }
    return hasScript ? "its linker script is its own" : nil
  }

  /// Whether an object or archive that `pupcc` compiled is among the inputs.
  var hasPrepared: Bool {
    arguments.contains { argument in
      switch argument {
      case .input(let path): Self.mentions(PreparedName.objectNote, path)
      case .option(let option, let values) where option.hasPrefix("-l"):
        libraries(named: values.first ?? String(option.dropFirst(2))).contains {
          Self.mentions(PreparedName.objectNote, $0)
        }
      default: false
      }
    }
  }

  /// Archives of that name in the directories that the command line names.
  private func libraries(named name: String) -> [String] {
    arguments.compactMap { argument -> String? in
      guard case .option(let option, let values) = argument, option.hasPrefix("-L") else {
        return nil
      }
      let directory = option == "-L" ? values.first ?? "." : String(option.dropFirst(2))
      let path = directory + (name.hasPrefix(":") ? "/" + name.dropFirst() : "/lib\(name).a")
      return FileManager.default.fileExists(atPath: path) ? path : nil
    }
  }

  /// Whether the file holds this section name somewhere; a thin archive only names its members.
  private static func mentions(_ section: String, _ path: String) -> Bool {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else {
      return false
    }
    return data.starts(with: Array("!<thin>".utf8)) || data.range(of: Data(section.utf8)) != nil
  }

  /// The words that reach the linker itself.
  static func linkerWords(_ arguments: [Argument]) -> [String] {
    arguments.flatMap { argument -> [String] in
      guard case .option(let option, let values) = argument else { return [] }
      if option == "-Xlinker" { return values }
      if option.hasPrefix("-Wl,") {
        return option.dropFirst(4).split(separator: ",").map(String.init)
      }
      return option == "-T" ? ["-T"] : []
    }
  }
}
