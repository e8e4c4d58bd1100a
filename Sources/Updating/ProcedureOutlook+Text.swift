import VersionSpace

/// Says an outlook in words.
package struct OutlookText {
  /// The program's name.
  package var program: String
  package var plan: UpdatePlan
  /// Whether the update was asked for already, or is only looked at.
  package var isPending: Bool
  /// Where an activation is, such as `small.c:12`; empty if that is not known.
  package var place: (ProgramFrame) -> String

  package init(
    program: String, plan: UpdatePlan, isPending: Bool, place: @escaping (ProgramFrame) -> String
  ) {
    self.program = program
    self.plan = plan
    self.isPending = isPending
    self.place = place
  }

  private func name(_ id: ProcedureID) -> String { plan.model[id].name }
  private var version: String { "version \(plan.to.rawValue)" }

  /// What becomes of the procedure, in one sentence.
  package func headline(_ outlook: ProcedureOutlook) -> String {
    let name = name(outlook.procedure)
    let why = plan.procedures.first { $0.id == outlook.procedure }?.why ?? ""
    let changed = "\(version) changes it" + (why.isEmpty ? "" : " (\(why))")
    switch outlook.verdict {
    case .unchanged:
      return plan.ignored.contains(name)
        ? "\(name) does not count as changed in \(version)"
        : "\(name) is the same in \(version) and moves there at once"
    case .added: return "\(name) is new in \(version): nothing holds it back"
    case .removed:
      return "\(name) is not in \(version): its body stays for as long as old code can call it"
    case .updated: return "\(name) is in \(version) already"
    case .free:
      return isPending
        ? "\(name) is free: \(changed), and the next stop makes it so"
        : "\(name) would be updated at once: \(changed), and nothing holds it"
    case .waits: return "\(name) \(isPending ? "waits" : "would wait"): \(changed)"
    case .resident:
      return "\(name) is resident: \(changed), later calls are of \(version), and the activation "
        + "that never returns finishes in old code"
    case .refused:
      return "the update to \(version) \(isPending ? "is" : "would be") refused as a whole: "
        + (outlook.refusal ?? "")
    }
  }

  /// Each step of the chain in one sentence.
  package func reasons(_ outlook: ProcedureOutlook) -> [String] {
    var reasons: [String] = []
    var chain = outlook.chain[...]
    while let link = chain.popFirst() {
      switch link {
      case .reaches(let path):
        let calls = path.map(name).joined(separator: " → ")
        var sentence = "its new version leads there: \(calls)"
        if case .active(_, let frames) = chain.first {
          chain.removeFirst()
          sentence += ", which is \(activity(frames))"
        }
        reasons.append(sentence)
      case .grouped(let procedure, let other, let reason):
        reasons.append(
          "\(name(procedure)) and \(name(other)) change in one stop, because of \(reason)")
      case .active(let procedure, let frames):
        reasons.append("\(name(procedure)) is \(activity(frames))")
      case .notWalked(let tid, let reason, let address):
        reasons.append(
          "the stack of thread \(tid) cannot be walked (\(reason) at \(address)), so that every "
            + "procedure counts as active")
      }
    }
    return reasons
  }

  /// On which threads' stacks, and at which frame.
  package func activity(_ frames: [ProgramFrame]) -> String {
    var threads: [String] = []
    var seen: Set<Int32> = []
    for frame in frames where seen.insert(frame.tid).inserted {
      let count = frames.count { $0.tid == frame.tid }
      let place = place(frame)
      threads.append(
        "thread \(frame.tid) (frame \(frame.depth)" + (place.isEmpty ? "" : ", \(place)")
          + (count > 1 ? ", \(count) times" : "") + ")")
    }
    guard let first = threads.first else { return "on a stack" }
    let more = threads.count - 3
    return "active in "
      + (more > 0
        ? threads.prefix(3).joined(separator: ", ") + " and \(more) more"
        : threads.count == 1 ? first : threads.joined(separator: ", "))
  }

  /// What a person can do, most useful first.
  package func advice(_ outlook: ProcedureOutlook) -> [String] {
    switch outlook.verdict {
    case .waits: holdAdvice(outlook)
    case .resident:
      [
        "what it calls is updated; to have more of it updated, move the body of its loop into a "
          + "procedure of its own"
      ]
    case .free, .unchanged, .added, .removed, .updated, .refused: []
    }
  }

  private func holdAdvice(_ outlook: ProcedureOutlook) -> [String] {
    var advice: [String] = []
    if isPending { advice.append("ush wait \(program): it is updated when that returns") }
    for link in outlook.chain {
      switch link {
      case .grouped(_, _, let reason) where reason.hasPrefix("together"):
        advice.append("ush update --no-groups leaves together lines out")
      case .grouped(_, _, let reason) where !reason.hasPrefix("mproc_"):
        let bare = reason.split(separator: " ").last.map(String.init) ?? reason
        advice.append(
          "a line `harmless \(bare)` in a changes file, if old and new code may use it together")
      case .active(let procedure, _):
        advice.append(
          "if \(name(procedure)) never returns, the body of its loop must become a procedure of its "
            + "own")
      case .notWalked(let tid, _, _):
        advice.append("ush stack \(program) shows where thread \(tid) is; it must leave that code")
      case .reaches, .grouped: continue
      }
    }
    return advice
  }
}
