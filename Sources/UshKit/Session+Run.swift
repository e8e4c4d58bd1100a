import Glibc
package import PupProtocol

extension Session {
  /// Starts `command` as program `name` under a pup of its own; returns when `main` was entered.
  ///
  /// A waiting pup of that name runs what it has loaded if `command` is empty. The executable is a
  /// file of this machine, also if the program is to run on another one.
  package func run(_ name: String, _ command: [String]) throws(ServiceFailure) -> StatusReport {
    let site = try site(of: name)
    guard let program = command.first else {
      let answer: Answers.Status = try call("Run", of: name, RunRequest())
      return site.shown(answer.status)
    }
    // Whether the file can be executed is known before a pup is started for it.
    let path = try ExecutablePath.find(program)
    let waits = try waitsForProgram(site)
    var command = command
    if site.address.host != .local {
      let places = try site.host.place(FileSet([path]))
      command = places + command.dropFirst()
    }
    guard waits else { return site.shown(try site.host.start(site.name, command)) }
    let isHere = site.address.host == .local
    let request = RunRequest(
      path: isHere ? path : command[0], arguments: command,
      directory: isHere ? absolutePath(".") : nil)
    let answer: Answers.Status = try call("Run", of: name, request)
    return site.shown(answer.status)
  }

  /// Whether a pup of that name was started by hand and waits for a program.
  private func waitsForProgram(_ site: Site) throws(ServiceFailure) -> Bool {
    guard let known = try site.knownRecord(), known.state == .live else { return false }
    switch try site.status().state {
    case .loaded: return true
    case .exited: return false
    case .running, .updating, .lost:
      throw .cannot("exists", "\(site.text) exists already (pup \(known.pup.pid))")
    }
  }

  /// Starts a pup for a target that runs without one.
  package func attach(_ name: String, pid: Int?) throws(ServiceFailure) -> AttachReport {
    let site = try site(of: name)
    var report = try site.naming { () throws(ServiceFailure) in
      try site.host.attach(site.name, pid: pid)
    }
    report.status = site.shown(report.status)
    return report
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
    let site = try site(of: name)
    let answer: Answers.Loaded = try call("Load", of: name, try site.placed(request))
    var loaded = answer.loaded
    loaded.program = site.text
    return loaded
  }

  /// Whether program `name` has a pup that lives.
  func hasLivePup(_ name: String) throws(ServiceFailure) -> Bool {
    try site(of: name).knownRecord()?.state == .live
  }

  /// Runs what was loaded, with arguments.
  func runLoaded(_ name: String, _ arguments: [String]) throws(ServiceFailure) -> StatusReport {
    let answer: Answers.Status = try call("Run", of: name, RunRequest(arguments: arguments))
    return try site(of: name).shown(answer.status)
  }
}
