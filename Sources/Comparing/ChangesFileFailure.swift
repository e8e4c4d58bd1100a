/// A line of a changes file that is wrong, as `file:line: what` with a suggestion.
package struct ChangesFileFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package var path: String
  package var line: Int
  package var fault: Fault

  package init(path: String, line: Int, fault: Fault) {
    self.path = path
    self.line = line
    self.fault = fault
  }

  package enum Fault: Hashable, Sendable {
    case unknownStatement(String, suggestion: String?)
    /// The statement lacks what this says.
    case missing(statement: String, what: String)
    case surplus(String)
    case malformedName(String)
    /// A name that neither program has, in the role that the statement needs.
    case unknown(Role, String, suggestion: String?)
    case ambiguous(Role, String, candidates: [String])
    /// The line contradicts an earlier one about the same name.
    case contradicts(name: String, line: Int)
    case notAnOption(String)
  }

  package enum Role: String, Hashable, Sendable {
    case procedure, datum, name, structure = "struct", member, parameter
  }

  package var description: String {
    let place = path.isEmpty ? "line \(line)" : "\(path):\(line)"
    return "\(place): \(fault.text)"
  }
}

extension ChangesFileFailure.Fault {
  fileprivate var text: String {
    switch self {
    case .unknownStatement(let word, let suggestion):
      "unknown statement ‘\(word)’" + Self.hint(suggestion)
    case .missing(let statement, let what): "‘\(statement)’ needs \(what)"
    case .surplus(let word): "unexpected ‘\(word)’"
    case .malformedName(let name): "‘\(name)’ is not a name"
    case .unknown(let role, let name, let suggestion):
      "neither version has a \(role.rawValue) ‘\(name)’" + Self.hint(suggestion)
    case .ambiguous(let role, let name, let candidates):
      "‘\(name)’ is more than one \(role.rawValue): \(candidates.joined(separator: ", "))"
    case .contradicts(let name, let line): "‘\(name)’ contradicts line \(line)"
    case .notAnOption(let word): "‘\(word)’ is no option here; there are --no-groups and --wait S"
    }
  }

  private static func hint(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean ‘\($0)’?" } ?? ""
  }
}
