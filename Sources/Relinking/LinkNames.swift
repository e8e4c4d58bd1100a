package import ObjectModel

/// What the user's link makes of names: `--wrap` and `--defsym`.
///
/// An update is linked in the same way, so that its code reaches what the linker's would.
package struct LinkNames: Hashable, Sendable, Codable {
  /// What an undefined symbol stands for, by its name.
  package private(set) var meanings: [String: String] = [:]
  /// Names that the link gives a number or an expression; in a running program these mean nothing.
  package private(set) var expressions: [String] = []

  /// - Parameter words: the linker's own options, in their order.
  package init(linkerWords words: [String]) {
    var wrapped: Set<String> = []
    var defined: [String: String] = [:]
    for (option, value) in Self.options(words) {
      if option == "wrap" {
        wrapped.insert(value)
      } else if let equals = value.firstIndex(of: "=") {
        defined[String(value[..<equals])] = String(value[value.index(after: equals)...])
      }
    }
    for (name, value) in defined {
      if Self.isName(value) { meanings[name] = value } else { expressions.append(name) }
    }
    expressions.sort()
    for name in wrapped {
      let wrapper = "__wrap_" + name
      meanings["__real_" + name] = name
      meanings[name] = meanings[wrapper] ?? wrapper
    }
  }

  /// The values of `--wrap` and `--defsym`, which may be written with one dash, and apart.
  private static func options(_ words: [String]) -> [(option: String, value: String)] {
    var result: [(String, String)] = []
    for (index, word) in words.enumerated() {
      let bare = word.drop { $0 == "-" }
      guard word.hasPrefix("-") else { continue }
      for option in ["wrap", "defsym"] {
        if bare == option, index + 1 < words.count {
          result.append((option, words[index + 1]))
        } else if bare.hasPrefix(option + "=") {
          result.append((option, String(bare.dropFirst(option.count + 1))))
        }
      }
    }
    return result
  }

  private static func isName(_ text: String) -> Bool {
    text.first?.isNumber == false
      && text.allSatisfy { $0.isLetter || $0.isNumber || "_.$".contains($0) }
  }

  package var isEmpty: Bool { meanings.isEmpty && expressions.isEmpty }

  /// The object as the linker understands it.
  package func applied(to object: ObjectFile) -> ObjectFile {
    guard !meanings.isEmpty else { return object }
    var object = object
    for id in object.symbolIDs where object[id].place == .undefined {
      if let meaning = meanings[object[id].name] { object[id].name = meaning }
    }
    return object
  }
}
