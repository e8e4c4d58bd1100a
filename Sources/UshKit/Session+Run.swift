import Glibc
package import PupProtocol

extension Session {
  /// Starts `command` as program `name` under a pup of its own; returns when `main` was entered.
  ///
  /// A waiting pup of that name runs what it has loaded if `command` is empty.
  package func run(_ name: String, _ command: [String]) throws(ServiceFailure) -> StatusReport {
    try ProgramRecord.check(name)
    guard let program = command.first else {
      let answer: Answers.Status = try call("Run", of: name, RunRequest())
      return answer.status
    }
    // Whether the file can be executed is known before a pup is started for it.
    _ = try ExecutablePath.find(program)
    if let waiting = try waitingPup(name) { return try run(command, on: waiting) }
    let state = try talking { () throws(TalkFailure) in try StateDirectory() }
    let log = try talking { () throws(TalkFailure) in try state.newLog(of: name) }
    let outcome = try startPup(name, ["--log", log], command, state)
    guard let status = outcome.status else { throw .cannot("protocol", "the pup sent no status") }
    return status
  }

  /// Starts a pup for a target that runs without one.
  package func attach(_ name: String, pid: Int?) throws(ServiceFailure) -> AttachReport {
    try ProgramRecord.check(name)
    let known = try knownRecord(name)
    if let known, known.state == .live {
      throw .cannot("exists", "\(name) has a pup already (\(known.pup.pid))")
    }
    var arguments = ["--adopt"]
    if let pid {
      guard pid > 1, ProcessIdentity(pid: pid) != nil else {
        throw .cannot("ended", "there is no process \(pid)")
      }
      arguments.append(String(pid))
    } else {
      guard let known else { throw .noSuchProgram(name) }
      guard let target = known.target, target.isAlive else {
        throw .cannot("ended", "\(name) has ended")
      }
      arguments.append(String(target.pid))
    }
    if let log = known?.log, pid == nil || pid == known?.target?.pid {
      arguments += ["--log", log]
    }
    let state = try talking { () throws(TalkFailure) in try StateDirectory() }
    let outcome = try startPup(name, arguments, [], state)
    guard let attached = outcome.attached else {
      throw .cannot("protocol", "the pup sent no report")
    }
    return attached
  }

  /// Prints how an adoption went.
  package func show(_ attached: AttachReport) {
    guard !console.isJSON else {
      console.printJSON(attached)
      return
    }
    let pid = attached.status.target.pid.map { " (process \($0))" } ?? ""
    console.print("\(attached.status.program): adopted\(pid)")
    switch attached.pending {
    case .none: break
    case .finished: console.print("  the pending update was finished")
    case .waiting: console.print("  the pending update goes on")
    case .undone: console.print("  the pending update was undone")
    }
    if let message = attached.message { console.print("  \(message)") }
  }

  /// Prepares a version in the pup of `name`, from an executable or from PODUS's two files.
  ///
  /// - Parameters:
  ///   - name: the program's.
  ///   - files: the executable, or delta and object.
  ///   - version: the number that it is to have; the next one if absent.
  /// - Returns: what was loaded.
  /// - Throws: `malformed("missing-file")`, and what the pup refuses.
  package func load(
    _ name: String, _ files: [String], as version: Int? = nil
  ) throws(ServiceFailure) -> LoadReport {
    var request = LoadRequest(version: version)
    for file in files {
      guard unsafe access(file, R_OK) == 0 else {
        throw .malformed("missing-file", "\(file): \(errorText(errno))")
      }
      let path = absolutePath(file)
      if files.count == 1 {
        request.path = path
      } else if path.hasSuffix(".delta") {
        request.delta = path
      } else {
        request.object = path
      }
    }
    let answer: Answers.Loaded = try call("Load", of: name, request)
    return answer.loaded
  }

  /// Whether program `name` has a pup that lives.
  func hasLivePup(_ name: String) throws(ServiceFailure) -> Bool {
    try knownRecord(name)?.state == .live
  }

  /// Runs what was loaded, with arguments.
  func runLoaded(_ name: String, _ arguments: [String]) throws(ServiceFailure) -> StatusReport {
    let answer: Answers.Status = try call("Run", of: name, RunRequest(arguments: arguments))
    return answer.status
  }

  private func knownRecord(_ name: String) throws(ServiceFailure) -> ProgramRecord? {
    do throws(ServiceFailure) {
      return try record(of: name)
    } catch {
      guard error.exit == .noSuchProgram else { throw error }
      return nil
    }
  }

  /// The name of a pup that was started by hand and waits for a program.
  private func waitingPup(_ name: String) throws(ServiceFailure) -> String? {
    guard let known = try knownRecord(name), known.state == .live else { return nil }
    let status = try status(of: name)
    switch status.state {
    case .loaded: return name
    case .exited: return nil
    case .running, .updating, .lost:
      throw .cannot("exists", "\(name) exists already (pup \(known.pup.pid))")
    }
  }

  private func run(
    _ command: [String], on name: String
  ) throws(ServiceFailure) -> StatusReport {
    let request = RunRequest(
      path: try ExecutablePath.find(command[0]), arguments: command,
      directory: absolutePath("."))
    let answer: Answers.Status = try call("Run", of: name, request)
    return answer.status
  }

  private func startPup(
    _ name: String, _ options: [String], _ command: [String], _ state: StateDirectory
  ) throws(ServiceFailure) -> StartOutcome {
    let pipe = try talking { () throws(TalkFailure) in try ReportPipe() }
    try talking { () throws(TalkFailure) in
      let words =
        [name, "--detached", "--report-fd", "3"] + options + (command.isEmpty ? [] : ["--"])
        + command
      try DetachedProcess.start(
        try DetachedProcess.sibling("pup"), words, output: try state.pupLog(of: name),
        passing: pipe.writeEnd)
    }
    return try pipe.outcome()
  }
}
