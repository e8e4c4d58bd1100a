/// The messages of `org.podus.bridge`.
package enum BridgeMessages {
  /// The interface's full name.
  package static let interface = "org.podus.bridge"

  /// The pup or the mapper ended a connection before it had answered.
  static let closed = VarlinkError(name: "\(interface).Closed")

  struct Selection: Codable, Sendable {
    var program: String
    /// Whether the pup is told that a user comes.
    var connecting: Bool?
  }

  struct Named: Codable, Sendable { var program: String }

  /// A piece of a file, or the question whether the file is there.
  struct Piece: Codable, Sendable {
    var set: String
    var name: String
    var digest: String
    var size: Int
    var executable: Bool?
    var offset: Int?
    /// In base 64.
    var data: String?
  }

  struct Placed: Codable, Sendable {
    /// Absolute; absent until the file is whole.
    var path: String?
  }

  struct Start: Codable, Sendable {
    var program: String
    /// From argv[0] on, which is the executable's path.
    var command: [String]
  }

  struct Attach: Codable, Sendable {
    var program: String
    var pid: Int?
  }

  struct Attached: Codable, Sendable { var attached: AttachReport }

  struct End: Codable, Sendable {
    var program: String
    var seconds: Double?
  }

  struct LogRequest: Codable, Sendable {
    var program: String
    var offset: Int?
  }

  struct Log: Codable, Sendable {
    var log: String
    /// In base 64.
    var data: String
    var hasEnded: Bool
  }

  /// The definition that `GetInterfaceDescription` gives.
  package static let text = """
    # The programs of a host, through the standard input and output of "ssh HOST pupmapper bridge".
    # On such a connection calls of org.podus.mapper go to the host's mapper, and calls of
    # org.podus.pup to the program that was selected last.
    interface org.podus.bridge

    # From its reply on, calls of org.podus.pup go to this program; with connecting its pup is told
    # that a user comes. Fails if it has no pup.
    method Select(program: string, connecting: ?bool) -> ()

    # What a program is doing, from its pup or, if that has ended or died, from the mapper; an
    # org.podus.pup.StatusReport.
    method Status(program: string) -> (status: object)

    # Brings a file to this host, in pieces of at most 1 MiB, the first at offset 0. Without data
    # it only asks. The reply has the path once the file is whole and its SHA-256 is digest, in
    # lower-case hexadecimal. Files of one set, 64 hexadecimal digits of the caller's choice, lie
    # in one folder by their names, which may have slashes.
    method Put(
      set: string,
      name: string,
      digest: string,
      size: int,
      executable: ?bool,
      offset: ?int,
      # in base 64
      data: ?string
    ) -> (path: ?string)

    # Starts a program under a pup of its own; an org.podus.pup.StatusReport. The command begins
    # with the executable's path.
    method Start(program: string, command: []string) -> (status: object)

    # Gives a running process, or a program whose pup died, a new pup; an org.podus.pup.AttachReport.
    method Attach(program: string, pid: ?int) -> (attached: object)

    # Ends a program whose pup died: SIGTERM, and SIGKILL after seconds (10 if absent).
    method End(program: string, seconds: ?float) -> (status: object)

    # A piece of a program's output, in base 64; empty at what is the end so far. hasEnded: nothing
    # comes after it.
    method Log(program: string, offset: ?int) -> (log: string, data: string, hasEnded: bool)

    # Well-formed, but cannot or may not be done.
    error Cannot (code: string, message: string)

    # A file, an option or a message is unusable on its own.
    error Malformed (code: string, message: string)

    error NoSuchProgram (code: string, message: string)

    # The pup or the mapper ended its connection before it had answered.
    error Closed ()

    """
}
