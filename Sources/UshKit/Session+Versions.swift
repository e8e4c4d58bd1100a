package import PupProtocol

extension Answers {
  struct Versions: Decodable { let versions: VersionsReport }
}

extension Session {
  /// The versions that the pup of `name` knows.
  package func versions(of name: String) throws(ServiceFailure) -> VersionsReport {
    let answer: Answers.Versions = try call("Versions", of: name)
    var versions = answer.versions
    versions.program = try site(of: name).text
    return versions
  }

  /// Prints a table of versions, and the procedures of a pending one.
  package func show(_ report: VersionsReport) {
    guard !console.isJSON else {
      console.printJSON(report)
      return
    }
    var table = Table(heading: ["VERSION", "STATE", "BUILD", "SINCE", "PROCEDURES", "CODE", "FILE"])
    for version in report.versions {
      table.add([
        String(version.version), version.state.rawValue,
        version.build.map { String($0.prefix(12)) } ?? "-", version.since ?? "-",
        version.procedures.map { String($0) } ?? "-", version.code.map { String($0) } ?? "-",
        version.path ?? "-",
      ])
    }
    table.lines.forEach { console.print($0) }
    if let arenas = report.arenas {
      console.print(
        "room for later versions: code \(Self.size(arenas.textFree)) free of "
          + "\(Self.size(arenas.textFree + arenas.textUsed)), data \(Self.size(arenas.dataFree)) free of "
          + Self.size(arenas.dataFree + arenas.dataUsed))
    }
    guard let pending = report.versions.first(where: { $0.state == .pending }) else { return }
    console.print("procedures that version \(pending.version) changes:")
    for procedure in report.procedures { console.print("  \(procedure.sentence)") }
  }

  /// A number of bytes as people read it.
  static func size(_ byteCount: Int) -> String {
    switch byteCount {
    case ..<(10 << 10): "\(byteCount) bytes"
    case ..<(10 << 20): "\(byteCount >> 10) KiB"
    default: "\(byteCount >> 20) MiB"
    }
  }
}

extension ProcedureState {
  /// What it is, and for whom it waits.
  fileprivate var sentence: String {
    guard state == .waiting, let tid, let frame, !frame.isEmpty else {
      return "\(procedure)  \(state.rawValue)"
    }
    return "\(procedure)  waiting for thread \(tid) in \(frame)"
  }
}
