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

  /// A file that is linked, and what to call it.
  struct File {
    var path: String
    var name: String
  }

  /// The objects and archives that are named, and those that `-l` finds where `-L` says.
  ///
  /// `names`: what to call those that were compiled aside.
  func files(called names: [String: String]) -> [File] {
    arguments.flatMap { argument -> [File] in
      switch argument {
      case .input(let path): [File(path: path, name: names[path] ?? path)]
      case .option(let option, let values) where option.hasPrefix("-l"):
        libraries(named: values.first ?? String(option.dropFirst(2))).map {
          File(path: $0, name: $0)
        }
      default: []
      }
    }
  }

  /// Why this link cannot be helped; `nil` if it can.
  var reasonAgainst: String? {
    let words = Self.linkerWords(arguments)
    let hasScript = words.contains { word in
      word.hasPrefix("-T") && !Self.placesOnly(word) || word.hasPrefix("--script")
        || word.hasPrefix("-script")
        || word.hasPrefix("-dT") || word.contains("-default-script")
    }
    if hasScript { return "its linker script is its own" }
    return hasOwnStart ? "it does not begin in the start code of the C library" : nil
  }

  /// Without the usual start code nothing calls the runtime before `main`.
  private var hasOwnStart: Bool {
    let options: Set<String> = ["-nostartfiles", "-nostdlib"]
    var isOwn = false
    for argument in arguments {
      switch argument {
      case .option(let option, _): isOwn = isOwn || options.contains(option)
      case .input(let path) where path.hasSuffix("crt1.o"): return false
      case .input: continue
      }
    }
    return isOwn
  }

  /// `-Ttext=ADDRESS` and its like.
  private static func placesOnly(_ word: String) -> Bool {
    ["-Ttext", "-Tdata", "-Tbss", "-Trodata-segment", "-Tldata-segment"].contains {
      word.hasPrefix($0)
    }
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
      return option.hasPrefix("-T") ? [option] : []
    }
  }
}
