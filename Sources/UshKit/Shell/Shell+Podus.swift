import Glibc
import PupProtocol

/// The commands of PODUS (paper section 6), with its prints; what else is worth saying stands on
/// indented lines.
extension Shell {
  /// `program NAME`.
  func choose(_ arguments: [String]) throws(ServiceFailure) {
    guard arguments.count == 1 else {
      guard arguments.isEmpty, let current else { throw usage("program NAME") }
      return console.print("The current program is \(current)")
    }
    try ProgramRecord.check(ConnectedHosts.program(of: arguments[0]))
    current = arguments[0]
    console.print("The current program is now \(arguments[0])")
  }

  /// `connect [HOST]`.
  func connect(_ arguments: [String]) throws(ServiceFailure) {
    guard arguments.count <= 1 else { throw usage("connect [HOST]") }
    let program = ConnectedHosts.program(of: try currentProgram())
    let here = try currentProgram()
    let name = arguments.first.map { "\(program)@\($0)" } ?? here
    let status = try statusOfLivePup(name)
    current = name
    let host = ConnectedHosts.host(of: name)
    hosts.add(host)
    try follow(name)
    console.print("Connected to pup for program \(program) on host \(host)")
    if status.state == .loaded, status.version == 0 {
      console.print("Pup for program \(program) on host \(host) is new")
    } else {
      console.print("  \(status.state.rawValue), version \(status.version)")
    }
  }

  private func statusOfLivePup(_ name: String) throws(ServiceFailure) -> StatusReport {
    do throws(ServiceFailure) {
      let session = try Session(console)
      let status = try session.status(of: name)
      guard status.state != .lost else {
        throw .cannot("lost", "the pup of \(name) has died: attach")
      }
      guard status.state != .exited else { throw .noSuchProgram(name) }
      return status
    } catch {
      guard error.exit == .noSuchProgram else { throw error }
      let program = ConnectedHosts.program(of: name)
      throw ServiceFailure(
        error.exit, code: error.code,
        message: "there is no pup for program \(program) on host \(ConnectedHosts.host(of: name)): "
          + "start one there (pup \(program)), or run ./prog here")
    }
  }

  /// `disconnect`.
  func disconnect(_ arguments: [String]) throws(ServiceFailure) {
    guard arguments.isEmpty else { throw usage("disconnect") }
    let name = try currentProgram()
    unfollow(name)
    console.print("Disconnected from program \(hosts.shownName(of: name))")
    current = nil
  }

  /// `load [N] x.delta x.pup.o` and `load [N] ./prog`.
  func load(_ words: [String]) throws(ServiceFailure) -> ExitClass {
    var files = Array(words.dropFirst())
    let number = files.first.flatMap(Int.init)
    if number != nil { files.removeFirst() }
    guard files.count == 1 || files.count == 2 && files.contains(where: { $0.hasSuffix(".delta") })
    else { throw usage("load [N] x.delta x.pup.o, or load [N] ./prog") }
    let name = try currentProgram()
    console.print("Load sequence begins...")
    let loaded = try Session(console).load(name, files, as: number)
    PodusText(
      program: ConnectedHosts.program(of: name), host: ConnectedHosts.host(of: name)
    ).lines(of: loaded, delta: files.first { $0.hasSuffix(".delta") } ?? files[0])
      .forEach { console.print($0) }
    return .done
  }

  /// `run [ARGUMENTS]`: what was loaded; without a pup, a program that the first argument names.
  func run(_ arguments: [String]) throws(ServiceFailure) -> ExitClass {
    let name = try currentProgram()
    let session = try Session(console)
    let status: StatusReport
    if try session.hasLivePup(name) {
      status = try session.runLoaded(name, arguments)
    } else {
      guard !arguments.isEmpty else {
        throw .cannot("nothing-loaded", "\(name) has no pup: run ./prog starts one")
      }
      status = try session.run(name, arguments)
    }
    hosts.add(ConnectedHosts.host(of: name))
    try follow(name)
    console.print("Program \(ConnectedHosts.program(of: name)) is now running")
    if let pid = status.target.pid { console.print("  process \(pid)") }
    return .done
  }

  /// `update WHAT`: at a terminal, until the first stop; otherwise until the report.
  func update(_ words: [String]) throws(ServiceFailure) -> ExitClass {
    let arguments = try UpdateArguments(Array(words.dropFirst()))
    let name = if let named = arguments.name { named } else { try currentProgram() }
    let session = try Session(console)
    let request = try session.updateRequest(
      arguments.what, changes: arguments.changes, noGroups: arguments.noGroups,
      waitSeconds: arguments.waitSeconds ?? (isInteractive ? 0 : nil))
    var print = PodusUpdate(console: console)
    let report = try session.update(name, request) { print.take($0) }
    return conclude(report, of: name)
  }

  private func conclude(_ report: UpdateReport, of name: String) -> ExitClass {
    switch report.result {
    case .updated, .waiting:
      console.print("Program \(ConnectedHosts.program(of: name)) update initiated successfully")
      if let longest = report.pausesMicroseconds.max() {
        console.print("  the longest stop so far took \(longest) µs")
      }
      for line in report.data { console.print("  \(line)") }
      for resident in report.resident {
        console.print("  resident \(resident): its live activation finishes in old code")
      }
      for waiting in report.waiting { console.print("  \(waiting.sentence)") }
      if report.result == .updated, !isFollowing {
        console.print(
          "*** Program \(hosts.shownName(of: name)) updated to version \(report.to) successfully ***"
        )
      }
      return report.result == .updated || isInteractive ? .done : .cannot
    case .already, .refused, .undone:
      (try? Session(console))?.show(report, exit: report.exit)
      return report.exit
    }
  }

  func currentProgram() throws(ServiceFailure) -> String {
    guard let current else {
      throw .malformed("usage", "no program is current: program NAME makes one so")
    }
    return current
  }

  private func usage(_ text: String) -> ServiceFailure { .malformed("usage", "usage: \(text)") }
}

/// The arguments of the shell's `update`.
private struct UpdateArguments {
  var name: String?
  var what = ""
  var changes: String?
  var noGroups = false
  var waitSeconds: Double?

  init(_ words: [String]) throws(ServiceFailure) {
    var words = words[...]
    var names: [String] = []
    while let word = words.popFirst() {
      switch word {
      case "--no-groups": noGroups = true
      case "--changes":
        guard let file = words.popFirst() else { throw Self.usage("--changes needs a file") }
        changes = file
      case "--wait":
        guard let seconds = words.popFirst().flatMap(Double.init), seconds >= 0 else {
          throw Self.usage("--wait needs a number of seconds")
        }
        waitSeconds = seconds
      case _ where word.hasPrefix("-"): throw Self.usage("update has no option \(word)")
      default: names.append(word)
      }
    }
    guard let last = names.popLast(), names.count <= 1 else {
      throw Self.usage("usage: update FILE.changes | N | ./prog")
    }
    what = last
    name = names.first
  }

  private static func usage(_ text: String) -> ServiceFailure { .malformed("usage", text) }
}
