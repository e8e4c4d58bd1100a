import Glibc

/// What can go wrong between two of our programs that talk.
package enum TalkFailure: Error, Hashable, Sendable {
  /// A system call failed; `code` is an errno value, `path` the file or socket it was about.
  case system(operation: TalkOperation, path: String, code: Int32)
  /// A directory that must be ours alone is not; `why` says what was found.
  case unsafeDirectory(path: String, why: DirectoryFault)
  /// The peer ended the connection before it had answered.
  case closed(method: String)
  /// The peer did not answer in time.
  case timedOut(method: String)
  /// What came is no Varlink reply, or not the reply to this method.
  case notVarlink(method: String)
  /// The user broke off the waiting; whatever was asked for goes on.
  case interrupted
  /// The peer answered with one of our errors.
  case refused(ServiceFailure)
  /// Another host's programs cannot be reached.
  case host(String, HostFault)
  /// The peer answered with an error of the Varlink service or of another interface.
  case varlink(error: String, detail: String?)
}

/// The system calls that talking makes, closed so that failures stay comparable.
package enum TalkOperation: String, Sendable, Hashable {
  case listen, connect, accept, send, receive, directory, lock, start, signal, read, write
}

/// Why a directory is not used for sockets and state.
package enum DirectoryFault: String, Sendable, Hashable {
  case notADirectory = "is not a directory"
  case otherOwner = "belongs to another user"
  case writableByOthers = "can be written by other users"
}

extension TalkFailure {
  /// The failure as a command reports it: a class, a stable word and one line.
  package var asServiceFailure: ServiceFailure {
    switch self {
    case .refused(let failure): failure
    case .system(_, let path, let code) where code == EACCES || code == EPERM:
      .cannot("not-permitted", "not permitted to use \(path)")
    case .system(let operation, let path, let code):
      .cannot("system", "\(operation.rawValue) \(path): \(errorText(code))")
    case .unsafeDirectory(let path, let why):
      .cannot(
        why == .otherOwner ? "not-permitted" : "unsafe-directory", "\(path) \(why.rawValue)")
    case .closed: .cannot("no-answer", "the other side went away before it had answered")
    case .timedOut: .cannot("no-answer", "no answer in time")
    case .notVarlink: .cannot("protocol", "the answer cannot be understood")
    case .interrupted: .cannot("interrupted", "interrupted")
    case .host(let host, let fault): .cannot(fault.code, fault.sentence(host))
    case .varlink(let error, let detail):
      .cannot("protocol", "\(error)\(detail.map { " (\($0))" } ?? "")")
    }
  }
}

/// The C library's text for an errno value.
package func errorText(_ code: Int32) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}
