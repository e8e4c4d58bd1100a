import Glibc
import PupProtocol

/// The commands of PODUS (paper section 6), with its prints; what else is worth saying stands on
/// indented lines.
extension Shell {
  /// `program NAME`.
  func choose(_ arguments: [String]) throws(ServiceFailure) {
    guard arguments.count == 1 else {
      guard arguments.isEmpty, let current else { throw usage("program NAME") }
      return console.print("The current program is \(current.text)")
    }
    current = try ProgramAddress(arguments[0])
    console.print("The current program is now \(arguments[0])")
  }

  /// `connect [HOST]`.
  func connect(_ arguments: [String]) throws(ServiceFailure) {
    guard arguments.count <= 1 else { throw usage("connect [HOST]") }
    var program = try currentProgram()
    if let host = arguments.first {
      program = try ProgramAddress(program.name, on: try Host(ssh: host))
    }
    let status = try statusOfLivePup(program)
    current = program
    hosts.add(program.host)
    try follow(program)
    let host = program.host.shown
    console.print("Connected to pup for program \(program.name) on host \(host)")
    if status.state == .loaded, status.version == 0 {
      console.print("Pup for program \(program.name) on host \(host) is new")
    } else {
      console.print("  \(status.state.rawValue), version \(status.version)")
    }
  }

  private func statusOfLivePup(
    _ program: ProgramAddress
  ) throws(ServiceFailure) -> StatusReport {
    let name = program.text
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
      throw ServiceFailure(
        error.exit, code: error.code,
        message: "there is no pup for program \(program.name) on host \(program.host.shown): "
          + "start one there (pup \(program.name)), or run ./prog here")
    }
  }

  /// `disconnect`.
  func disconnect(_ arguments: [String]) throws(ServiceFailure) {
    guard arguments.isEmpty else { throw usage("disconnect") }
    let program = try currentProgram()
    unfollow(program)
    console.print("Disconnected from program \(hosts.shownName(of: program))")
    current = nil
  }

  /// `load [N] x.delta x.pup.o` and `load [N] ./prog`.
  func load(_ words: [String]) throws(ServiceFailure) -> ExitClass {
    var files = Array(words.dropFirst())
    let number = files.first.flatMap(Int.init)
    if number != nil { files.removeFirst() }
    guard files.count == 1 || files.count == 2 && files.contains(where: { $0.hasSuffix(".delta") })
    else { throw usage("load [N] x.delta x.pup.o, or load [N] ./prog") }
    let program = try currentProgram()
    console.print("Load sequence begins...")
    let loaded = try Session(console).load(program.text, files, as: number)
    PodusText(
      program: program.name, host: program.host.shown
    ).lines(of: loaded, delta: files.first { $0.hasSuffix(".delta") } ?? files[0])
      .forEach { console.print($0) }
    return .done
  }

  /// `run [ARGUMENTS]`: what was loaded; without a pup, a program that the first argument names.
  func run(_ arguments: [String]) throws(ServiceFailure) -> ExitClass {
    let program = try currentProgram()
    let name = program.text
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
    hosts.add(program.host)
    try follow(program)
    console.print("Program \(program.name) is now running")
    if let pid = status.target.pid { console.print("  process \(pid)") }
    return .done
  }

  /// `update WHAT`: at a terminal, until the first stop; otherwise until the report.
  func update(_ words: [String]) throws(ServiceFailure) -> ExitClass {
    let arguments = try UpdateArguments(Array(words.dropFirst()))
    let program =
      if let named = arguments.name { try ProgramAddress(named) } else { try currentProgram() }
    let session = try Session(console)
    let request = try session.updateRequest(
      arguments.what, changes: arguments.changes, noGroups: arguments.noGroups,
      waitSeconds: arguments.waitSeconds ?? (isInteractive ? 0 : nil))
    var print = PodusUpdate(console: console)
    let report = try session.update(program.text, request) { print.take($0) }
    return conclude(report, of: program)
  }

  private func conclude(_ report: UpdateReport, of program: ProgramAddress) -> ExitClass {
    switch report.result {
    case .updated, .waiting:
      console.print("Program \(program.name) update initiated successfully")
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
          "*** Program \(hosts.shownName(of: program)) updated to version \(report.to) successfully ***"
        )
      }
      return report.result == .updated || isInteractive ? .done : .cannot
    case .already, .refused, .undone:
      (try? Session(console))?.show(report, exit: report.exit)
      return report.exit
    }
  }

  func currentProgram() throws(ServiceFailure) -> ProgramAddress {
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
