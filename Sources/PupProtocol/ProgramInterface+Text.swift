extension ProgramInterface {
  /// The definition that `GetInterfaceDescription` gives (org.podus.pup.varlink).
  package static let text = """
    # A program that can be updated while it runs, and the update processor (pup) that does it.
    # Paths are absolute. Update, Wait and Cancel called with "more" send events before the report.
    interface org.podus.pup

    type Waiting (
      procedure: string,
      # the thread whose stack holds the procedure back, 0 if no single one does
      tid: int,
      frame: string
    )

    type Phase (name: string, us: int)

    type UpdateReport (
      # for Watch, Wait and Cancel; 0 if no update began
      id: int,
      program: string,
      result: (updated, already, waiting, refused, undone),
      from: int,
      to: int,
      changed: []string,
      warped: []string,
      updated: []string,
      waiting: []Waiting,
      resident: []string,
      ignored: []string,
      pauses_us: []int,
      # the parts of its preparation, while the program ran on; null if none was made
      preparation: ?[]Phase,
      reason: ?string,
      # lines about static data: "reset D", "keep D"
      data: []string
    )

    type Target (
      pid: ?int,
      # the exit status, or 128 plus the signal's number
      exit: ?int,
      # the file that its output is appended to
      log: ?string
    )

    type Pup (pid: ?int)

    type Pending (id: int, from: int, to: int, waiting: []Waiting)

    type StatusReport (
      program: string,
      state: (loaded, running, updating, exited, lost),
      version: int,
      target: Target,
      pup: Pup,
      pending: []Pending
    )

    # What happened. message is fit to be printed; which other fields there are depends on kind.
    type Event (
      # counts this pup's events from 1: a gap shows that a slow watcher missed some
      sequence: int,
      program: string,
      kind: (started, exited, loaded, accepted, changed, stack, inactive, warped, gated, data,
             waiting, paused, completed, undone, refused, user, primitive),
      update: ?int,
      version: ?int,
      procedures: ?[]string,
      waiting: ?[]Waiting,
      pause_us: ?int,
      pid: ?int,
      exit: ?int,
      report: ?UpdateReport,
      message: string
    )

    type LoadReport (
      program: string,
      version: int,
      build: string,
      procedures: int,
      # which procedures (columns) each procedure (row) may come to call; absent for more than 64
      reach: ?[][]int,
      # of the procedures' code
      codeBytes: int,
      # where the code is, or will be once it is needed: hexadecimal, with 0x
      address: string
    )

    type AttachReport (
      pending: (none, finished, waiting, undone),
      status: StatusReport,
      message: ?string
    )

    # What the program is doing.
    method Status() -> (status: StatusReport)

    # Prepares a version: an executable, or x.delta and x.pup.o beside their executable x. With
    # version, fails unless that is the number that comes next.
    method Load(
      path: ?string,
      delta: ?string,
      object: ?string,
      version: ?int
    ) -> (loaded: LoadReport)

    # Starts the target; replies when main was entered. arguments begin with argv[0]. Without path:
    # what was loaded first, whose path is argv[0] then, with arguments after it.
    method Run(
      path: ?string,
      arguments: ?[]string,
      environment: ?[]string,
      directory: ?string,
      log: ?string
    ) -> (status: StatusReport)

    # Adopts a process that runs already, and finishes or undoes what was pending.
    method Attach(pid: int, log: ?string) -> (attached: AttachReport)

    # Updates the target; replies when it is done, or after waitSeconds (if absent, what the changes
    # file says, or 10).
    method Update(
      path: ?string,
      changes: ?string,
      version: ?int,
      noGroups: ?bool,
      waitSeconds: ?float,
      maps: ?[]string
    ) -> (report: ?UpdateReport, event: ?Event)

    # Waits for a pending update, for as long as it takes if seconds is absent.
    method Wait(update: ?int, seconds: ?float) -> (report: ?UpdateReport, event: ?Event)

    # Undoes a pending update.
    method Cancel(update: ?int) -> (report: ?UpdateReport, event: ?Event)

    # Ends the target: SIGTERM, and SIGKILL after seconds (10 if absent).
    method Stop(seconds: ?float) -> (status: StatusReport)

    # Streams events; needs "more". Ends with the error Cannot, code "ended", when the program has
    # ended. With update, only the events of that one, the last of which has its report.
    method Watch(update: ?int) -> (event: Event)

    # One activation, or count ones that are alike.
    type Frame (
      kind: (procedure, program, library, gate, signal, unknown),
      count: int,
      procedure: ?string,
      symbol: ?string,
      # bytes from symbol, else from the start of object
      offset: int,
      # the procedure that is inlined there
      inlined: ?string,
      # the version that brought the code
      version: ?int,
      # calls lead to newer code already
      old: bool,
      # holds no update back, since it never returns
      resident: bool,
      file: ?string,
      line: ?int,
      object: ?string,
      address: string
    )

    type Thread (
      tid: int,
      name: string,
      # innermost first
      frames: []Frame,
      # activations left out before the last ones
      omitted: int,
      # why the stack cannot be walked to its end, and where
      not_safe: ?string
    )

    type StackReport (
      program: string,
      pid: int,
      version: int,
      pause_us: int,
      threads: []Thread
    )

    type Version (
      version: int,
      state: (earlier, running, pending, loaded),
      build: ?string,
      # the file that it was read from
      path: ?string,
      # when it came to this state, of an earlier one when it began to run; ISO 8601, UTC
      since: ?string,
      # how many procedures it has, and how many of all run the code that it brought
      procedures: ?int,
      code: ?int
    )

    # How far one procedure of a pending update is, and what it waits for.
    type ProcedureState (
      procedure: string,
      state: (loaded, waiting, updated, resident),
      tid: ?int,
      frame: ?string
    )

    # Memory set aside for later versions, in bytes.
    type Arenas (text_used: int, text_free: int, data_used: int, data_free: int)

    type VersionsReport (
      program: string,
      version: int,
      versions: []Version,
      procedures: []ProcedureState,
      # all procedures of the highest version, by number
      names: []string,
      arenas: ?Arenas
    )

    # One step from a procedure to what holds it: path's one procedure is active, path leads by calls
    # to a held one, or the two of path change in one stop.
    type Hold (
      kind: (active, not_walked, reaches, grouped),
      path: []string,
      tid: ?int,
      frame: ?int,
      reason: ?string
    )

    type ExplainReport (
      program: string,
      procedure: string,
      verdict: (none, already, unchanged, added, removed, updated, free, waits, resident, refused,
                inlined),
      from: int,
      to: ?int,
      # the update was asked for already
      pending: bool,
      because: []Hold,
      headline: string,
      reasons: []string,
      advice: []string,
      pause_us: int
    )

    # changed and held are of the update that is meant, active and resident of the stacks.
    type Node (
      name: string,
      file: string,
      changed: bool,
      updated: bool,
      active: bool,
      resident: bool,
      held: bool
    )

    # A call from one node to another, as indices into nodes.
    type Edge (from: int, to: int, kind: (direct, clone, indirect, callback))

    type GraphReport (
      program: string,
      from: int,
      to: ?int,
      pending: bool,
      # why the update would be refused
      refused: []string,
      nodes: []Node,
      edges: []Edge,
      pause_us: int
    )

    # The stacks of all threads, as one stop shows them.
    method Stack() -> (stack: StackReport)

    # The versions that the pup knows, and how far a pending update is.
    method Versions() -> (versions: VersionsReport)

    # Why a procedure can or cannot be updated now, in the pending update or in one to path, version,
    # or with changes; nothing is written. called: what the user calls the program.
    method Explain(
      procedure: string,
      path: ?string,
      changes: ?string,
      version: ?int,
      called: ?string
    ) -> (explanation: ExplainReport)

    # The call graph of the running version, marked by the pending update or one to path, version, or
    # with changes; nothing is written.
    method Graph(path: ?string, changes: ?string, version: ?int) -> (graph: GraphReport)

    # Well-formed, but cannot or may not be done.
    error Cannot (code: string, message: string)

    # A file, an option or a message is unusable on its own.
    error Malformed (code: string, message: string)

    error NoSuchProgram (code: string, message: string)

    # Only the owner's and root's processes may call.
    error NotPermitted (code: string, message: string)

    """
}
