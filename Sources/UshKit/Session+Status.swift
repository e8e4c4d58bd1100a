package import PupProtocol

/// All programs of this user.
package struct ProgramList: Codable, Sendable {
  package var programs: [StatusReport]
}

extension Session {
  /// The status of `name`, from its pup or, if that has ended or died, from the mapper.
  package func status(of name: String) throws(ServiceFailure) -> StatusReport {
    try site(of: name).status()
  }

  /// The statuses of all programs of the session's host, by name.
  package func programs() throws(ServiceFailure) -> ProgramList {
    let own = try ownHost
    var reports: [StatusReport] = []
    for record in try talking({ () throws(TalkFailure) in try own.mapper.list() }) {
      var report = try own.status(of: record)
      report.program = host.suffixed(record.name)
      reports.append(report)
    }
    return ProgramList(programs: reports)
  }

  /// Prints one program's status.
  package func show(_ status: StatusReport) {
    guard !console.isJSON else {
      console.printJSON(status)
      return
    }
    console.print("\(status.program): \(painted(status.state)), version \(status.version)")
    if let pid = status.target.pid {
      let ending = status.target.exit.map { ", exit status \($0)" } ?? ""
      console.print("  target  \(pid)\(ending)")
    }
    if let log = status.target.log { console.print("  log     \(log)") }
    if let pid = status.pup.pid { console.print("  pup     \(pid)") }
    for pending in status.pending {
      console.print("  update  \(pending.id): version \(pending.from) to \(pending.to) waits")
      for waiting in pending.waiting { console.print("          \(waiting.sentence)") }
    }
  }

  /// Prints a table of programs.
  package func show(_ list: ProgramList) {
    guard !console.isJSON else {
      console.printJSON(list)
      return
    }
    guard !list.programs.isEmpty else { return }
    var table = Table(heading: ["NAME", "STATE", "VERSION", "TARGET", "PUP"])
    for program in list.programs {
      table.add([
        program.program, program.state.rawValue, String(program.version),
        program.target.pid.map { String($0) } ?? "-", program.pup.pid.map { String($0) } ?? "-",
      ])
    }
    table.lines.forEach { console.print($0) }
  }

  private func painted(_ state: ProgramState) -> String {
    switch state {
    case .running: console.painted(state.rawValue, .green)
    case .lost: console.painted(state.rawValue, .red)
    case .updating: console.painted(state.rawValue, .yellow)
    case .loaded, .exited: state.rawValue
    }
  }
}

extension WaitingProcedure {
  /// What waits for whom, in a line.
  var sentence: String {
    tid == 0 ? "\(procedure) waits: \(frame)" : "\(procedure) waits for thread \(tid) in \(frame)"
  }
}
