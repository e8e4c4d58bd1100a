import PupProtocol

/// What PODUS's ush prints of a load (paper section 6.1).
struct PodusText {
  let program: String
  let host: String

  /// The lines after `Load sequence begins...`.
  func lines(of loaded: LoadReport, delta: String) -> [String] {
    var lines = [
      "extracted updatable procedures from delta file \(delta)",
      "program \(program) has \(loaded.procedures) updatable procedures",
      "program \(program)'s procedures registered with pup name service on host \(host)",
      "delta* computed for \(loaded.procedures) procedures in \(program):",
    ]
    lines += matrix(loaded)
    lines += image("program", loaded.codeBytes, loaded.address)
    lines += ["loaded VMC segment descriptor table into \(host)'s VMC", Self.copied]
    if loaded.version == 1 {
      lines += ["no interprocedures loaded for version 1", "no mprocedures loaded for version 1"]
    } else {
      // Maps come with the update that needs them; until then calls pass through at no cost.
      lines += image("iproc", 0, loaded.address) + [Self.copied]
      lines += image("mproc", 0, loaded.address) + [Self.copied]
    }
    lines.append("Version \(loaded.version) of program \(program) loaded successfully")
    if loaded.version > 1 {
      let before = loaded.version - 1
      lines += [
        "Version \(before) interprocedures loaded successfully",
        "Version \(before) mprocedures loaded successfully",
      ]
    }
    return lines
  }

  private static let copied = "copying code to pup... complete"

  private func matrix(_ loaded: LoadReport) -> [String] {
    guard let reach = loaded.reach else { return ["    (too large to be shown: graph)"] }
    return reach.map { row in "    " + row.map(String.init).joined(separator: " ") }
  }

  private func image(_ kind: String, _ byteCount: Int, _ address: String) -> [String] {
    [
      "\(kind) object code image requires \(byteCount) bytes",
      "\(kind) loading at address \(address) in pup \(program)'s address space on host \(host)",
      "\(kind) linking complete",
    ]
  }
}

/// What PODUS's ush prints of an update, as the events come: those of its first stop.
struct PodusUpdate {
  let console: Console
  private var isOver = false

  init(console: Console) { self.console = console }

  mutating func take(_ event: ProgramEvent) {
    guard !isOver else { return }
    switch event.kind {
    case .accepted, .changed, .stack, .inactive, .gated: event.lines.forEach { console.print($0) }
    case .warped: console.print(event.message)
    case .waiting, .completed, .undone, .refused: isOver = true
    default: break
    }
  }
}
