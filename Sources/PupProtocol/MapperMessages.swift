/// The messages of `org.podus.mapper`.
package enum MapperMessages {
  /// The interface's full name.
  package static let interface = "org.podus.mapper"

  /// A program's name; `connecting` lets its pup know that a user comes.
  package struct Named: Codable, Sendable {
    package var name: String
    package var connecting: Bool?
    /// The other host that the user comes from, if any.
    package var from: String?

    package init(name: String, connecting: Bool? = nil, from: String? = nil) {
      self.name = name
      self.connecting = connecting
      self.from = from
    }
  }

  /// A program to be registered, or what is new about one that is.
  package struct Record: Codable, Sendable {
    package var program: ProgramRecord
    /// A lost program's target was adopted, so its name may be taken over.
    package var adopting: Bool?

    package init(program: ProgramRecord, adopting: Bool? = nil) {
      self.program = program
      self.adopting = adopting
    }
  }

  /// All programs, by name.
  package struct Records: Codable, Sendable {
    package var programs: [ProgramRecord]

    package init(programs: [ProgramRecord]) { self.programs = programs }
  }

  /// A reply to `Register`: the first has no alert.
  package struct Registered: Codable, Sendable {
    package var alert: UserAlert?

    package init(alert: UserAlert? = nil) { self.alert = alert }
  }

  /// The definition that `GetInterfaceDescription` gives.
  package static let text = """
    # Maps the names of a user's programs to their pups.
    interface org.podus.mapper

    # A process; start is in clock ticks since the machine started.
    type Process (pid: int, start: int)

    type Program (
      name: string,
      state: (live, ended, lost),
      pup: Process,
      endpoint: string,
      uid: int,
      target: ?Process,
      exit: ?int,
      log: ?string,
      version: int
    )

    type Alert (uid: int, pid: int, from: ?string)

    # Called with "more" by a pup, which keeps the connection: the first reply says that the name is
    # taken, each later one that a user asks for the program. A connection that ends without
    # Deregister means that the pup died.
    method Register(program: Program, adopting: ?bool) -> (alert: ?Alert)

    # What is new about a registered program; from its pup only.
    method Note(program: Program) -> ()

    # The pup ends in order; from itself only.
    method Deregister(program: Program) -> ()

    # One program; with connecting its pup is told that a user comes, and from which other host.
    method Resolve(name: string, connecting: ?bool, from: ?string) -> (program: Program)

    # All programs, those that ended and those whose pup died too.
    method List() -> (programs: []Program)

    # Marks a lost program whose target has ended as ended.
    method Settle(name: string) -> (program: Program)

    # Well-formed, but cannot or may not be done.
    error Cannot (code: string, message: string)

    # A message is unusable on its own.
    error Malformed (code: string, message: string)

    error NoSuchProgram (code: string, message: string)

    # Only the owner of the directory and root may call.
    error NotPermitted (code: string, message: string)

    """
}
