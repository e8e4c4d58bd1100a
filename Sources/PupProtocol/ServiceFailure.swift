/// How a command ended, as an exit status (design section 9).
package enum ExitClass: Int32, Sendable, Hashable, Codable {
  /// The command was carried out.
  case done = 0
  /// The request is well-formed but cannot or may not be carried out now.
  case cannot = 1
  /// A file, an option or a line is malformed or unusable on its own.
  case malformed = 2
  /// No program has that name.
  case noSuchProgram = 3
}

/// Why a request to a pup or to the mapper failed, in the form that crosses the socket.
///
/// Not used for refusals of an update: those are `UpdateReport.Result.refused`, a value.
package struct ServiceFailure: Error, Hashable, Sendable {
  /// The class of the failure; never `.done`.
  package let exit: ExitClass
  /// A stable word for programs, in lower case with hyphens, such as `exists`.
  package let code: String
  /// One line for people, without a trailing full stop or newline.
  package let message: String

  package init(_ exit: ExitClass, code: String, message: String) {
    self.exit = exit
    self.code = code
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  /// A well-formed request that cannot or may not be carried out.
  package static func cannot(_ code: String, _ message: String) -> ServiceFailure {
    ServiceFailure(.cannot, code: code, message: message)
  }

  /// A file, an option or a line that is unusable on its own.
  package static func malformed(_ code: String, _ message: String) -> ServiceFailure {
    ServiceFailure(.malformed, code: code, message: message)
  }

  /// A name that no program has.
  package static func noSuchProgram(_ name: String) -> ServiceFailure {
    ServiceFailure(.noSuchProgram, code: "no-such-program", message: "no program named \(name)")
  }
}
