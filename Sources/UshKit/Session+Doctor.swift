import PupKit
package import PupProtocol

/// What `ush doctor` prints as JSON.
private struct DoctorDocument: Encodable {
  let program: String?
  let findings: [Finding]
  let warnings: Int
  let problems: Int
  let error: ErrorDocument.Content?
}

extension Console {
  /// Prints findings, one a line, with what mends those that are not ok.
  ///
  /// - Returns: `.cannot` if there is a problem.
  package func show(_ findings: [Finding], of program: String?) -> ExitClass {
    let problems = findings.count { $0.state == .problem }
    let summary = "\(problems) \(problems == 1 ? "problem" : "problems")"
    if isJSON {
      printJSON(
        DoctorDocument(
          program: program, findings: findings, warnings: findings.count { $0.state == .warning },
          problems: problems,
          error: problems == 0
            ? nil : ErrorDocument.Content(code: "problems", message: summary)))
    } else {
      let width = findings.map(\.check.count).max() ?? 0
      for finding in findings { show(finding, width) }
    }
    guard problems > 0 else { return .done }
    complain(summary)
    return .cannot
  }

  private func show(_ finding: Finding, _ width: Int) {
    let colour: Colour =
      switch finding.state {
      case .ok: .green
      case .warning: .yellow
      case .problem: .red
      }
    func padded(_ text: String, to width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    print(
      painted(padded(finding.state.rawValue, to: 9), colour)
        + padded(finding.check, to: width + 2) + finding.message)
    if let remedy = finding.remedy {
      print(String(repeating: " ", count: 9 + width + 2) + "mend: \(remedy)")
    }
  }
}

extension Session {
  /// The checks of this machine, and of one program if it is named.
  ///
  /// What a program on another host needs is not of this machine: then its pup alone is asked.
  ///
  /// - Throws: `noSuchProgram`.
  package func findings(of name: String?) throws(ServiceFailure) -> [Finding] {
    guard let name else {
      if case .ssh(let host) = host {
        throw .malformed(
          "not-here", "doctor checks the machine that it runs on: ssh \(host) ush doctor")
      }
      return Doctor().findings()
    }
    let site = try site(of: name)
    let machine = site.address.host == .local ? Doctor().findings() : []
    return machine + (try findings(of: site))
  }

  private func findings(of site: Site) throws(ServiceFailure) -> [Finding] {
    let name = site.text
    let isHere = site.address.host == .local
    let record = try site.record()
    guard record.state == .live else { return abandoned(record, site) }
    do throws(ServiceFailure) {
      let status = try site.status()
      var findings: [Finding] = [
        .ok("pup-alive", "pup \(status.pup.pid ?? 0) answers: \(status.state.rawValue)")
      ]
      if isHere, let pid = status.target.pid, status.state != .exited { findings += process(pid) }
      return findings + versions(try versions(of: name))
    } catch {
      return [Finding("pup-alive", .problem, error.message, remedy: "ush attach \(name)")]
    }
  }

  /// A program whose pup has ended.
  private func abandoned(_ record: ProgramRecord, _ site: Site) -> [Finding] {
    guard site.address.host == .local else {
      let has = record.state == .lost ? "the pup has died" : "\(site.text) has ended"
      return [
        Finding(
          "pup-alive", record.state == .lost ? .problem : .warning, has,
          remedy: "ush \(record.state == .lost ? "attach" : "run") \(site.text)")
      ]
    }
    guard record.isTargetAlive, let target = record.target else {
      return [
        Finding(
          "pup-alive", .warning, "\(record.name) has ended",
          remedy: "ush run \(record.name) PROGRAM")
      ]
    }
    var findings = [
      Finding(
        "pup-alive", .problem, "the pup has died, and process \(target.pid) runs on without it",
        remedy: "ush attach \(record.name)")
    ]
    do throws(ServiceFailure) {
      let build = try SelfCheck.build(ofProgram: "/proc/\(target.pid)/exe")
      findings.append(.ok("prepared", "built by pupcc, build \(build.prefix(12))"))
    } catch {
      findings.append(
        Finding("prepared", .problem, error.message, remedy: "build the program with pupcc"))
    }
    return findings + process(target.pid)
  }

  private func process(_ pid: Int) -> [Finding] {
    let fields = MachineFacts.fields(of: "/proc/\(pid)/status")
    var findings: [Finding] = []
    let tracer = fields["TracerPid"] ?? "0"
    findings.append(
      tracer == "0"
        ? .ok("target", "process \(pid), nobody traces it")
        : Finding(
          "target", .warning, "process \(pid) is traced by process \(tracer)",
          remedy: "detach that debugger, unless it is the pup in the middle of a stop"))
    if fields["x86_Thread_features"]?.contains("shstk") == true {
      findings.append(
        Finding(
          "target-shadow-stack", .problem, "process \(pid) runs with a shadow stack",
          remedy: "start it again with GLIBC_TUNABLES=glibc.cpu.x86_shstk=off"))
    }
    return findings
  }

  private func versions(_ report: VersionsReport) -> [Finding] {
    var findings: [Finding] = []
    if let running = report.versions.first(where: { $0.state == .running }) {
      findings.append(
        .ok(
          "prepared",
          "built by pupcc: version \(running.version), build \((running.build ?? "").prefix(12)), "
            + "\(running.procedures ?? 0) procedures"))
    }
    if let pending = report.versions.first(where: { $0.state == .pending }) {
      let left = report.procedures.filter { $0.state == .waiting }.map(\.procedure)
      findings.append(
        Finding(
          "pending", .warning,
          "the update to version \(pending.version) waits for \(left.joined(separator: ", "))",
          remedy: "ush explain \(report.program) \(left.first ?? "PROCEDURE")"))
    }
    guard let arenas = report.arenas else { return findings }
    findings.append(room("code", used: arenas.textUsed, free: arenas.textFree))
    findings.append(room("data", used: arenas.dataUsed, free: arenas.dataFree))
    return findings
  }

  private func room(_ kind: String, used: Int, free: Int) -> Finding {
    let text = "\(Self.size(used)) held and \(Self.size(free)) free for later versions' \(kind)"
    guard free < (used + free) / 10 else { return .ok("room-\(kind)", text) }
    return Finding(
      "room-\(kind)", .warning, text,
      remedy: "build with a larger pupcc --arena, and start the program anew")
  }
}
