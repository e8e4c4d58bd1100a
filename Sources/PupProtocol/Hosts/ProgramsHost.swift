/// What a user does with the programs of a host, besides talking to a pup; calls block.
package protocol ProgramsHost: Sendable {
  /// The host's mapper.
  var mapper: MapperClient { get }

  /// A connection to the pup of `name`, which is told that a user comes.
  ///
  /// - Throws: `cannot("ended")` or `cannot("lost")` if it has none any more.
  func connect(to name: String) throws(ServiceFailure) -> VarlinkClient

  /// Takes back a connection that is not in the middle of a call, to be used again or closed.
  func release(_ client: consuming VarlinkClient)

  /// What a program is doing, from its pup or, if that has ended or died, from the mapper.
  func status(of record: ProgramRecord) throws(ServiceFailure) -> StatusReport

  /// Starts `command` as program `name` under a pup of its own; returns when `main` was entered.
  func start(_ name: String, _ command: [String]) throws(ServiceFailure) -> StatusReport

  /// Starts a pup for a target that runs without one: the process `pid`, or the one that is known.
  func attach(_ name: String, pid: Int?) throws(ServiceFailure) -> AttachReport

  /// Ends a program whose pup died: SIGTERM, `seconds`, SIGKILL.
  func end(_ name: String, seconds: Double) throws(ServiceFailure) -> StatusReport

  /// Waits for the end of a pup whose target has ended, for a few seconds at most.
  func waitForEnd(of record: ProgramRecord) throws(ServiceFailure)

  /// What the target of `name` has written, from a byte on.
  ///
  /// - Throws: `cannot("no-log")` if its output goes elsewhere.
  func log(of name: String, from offset: Int) throws(ServiceFailure) -> LogPiece

  /// Makes files of this machine available on the host.
  ///
  /// - Returns: their absolute paths there, in the set's order.
  func place(_ files: FileSet) throws(ServiceFailure) -> [String]
}

/// A part of a program's output.
package struct LogPiece: Sendable {
  /// The file's path on the program's host.
  package var log: String
  /// Empty at what is the end so far.
  package var bytes: [UInt8]
  /// Whether the target had ended before the bytes were read, so that after them comes no more.
  package var hasEnded: Bool
}

/// Files of this machine that keep their places beside each other.
package struct FileSet: Hashable, Sendable {
  /// The folder that all lie in or below, absolute.
  package var folder: String
  /// Each file's path from there, without `.` and `..`.
  package var files: [String]

  /// The files at `paths`, which are absolute; not empty.
  package init(_ paths: [String]) {
    let split = paths.map { $0.split(separator: "/").map(String.init) }
    var shared = split[0].dropLast()
    for parts in split {
      while !parts.dropLast().starts(with: shared) { shared = shared.dropLast() }
    }
    folder = "/" + shared.joined(separator: "/")
    files = split.map { $0.dropFirst(shared.count).joined(separator: "/") }
  }

  /// The absolute paths, in order.
  package var paths: [String] { files.map { folder == "/" ? "/\($0)" : "\(folder)/\($0)" } }
}
