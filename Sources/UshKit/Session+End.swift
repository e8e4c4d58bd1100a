import Glibc
package import PupProtocol

extension Session {
  /// Ends a program: SIGTERM, `seconds`, SIGKILL; a program that has ended already is fine.
  package func stop(_ name: String, seconds: Double = 10) throws(ServiceFailure) -> StatusReport {
    let record = try record(of: name)
    switch record.state {
    case .ended: return record.lastKnownStatus
    case .lost: return try stopLost(record, seconds: seconds)
    case .live:
      do throws(ServiceFailure) {
        let answer: Answers.Status = try call("Stop", of: name, StopRequest(seconds: seconds))
        try waitForPup(record.pup)
        return answer.status
      } catch {
        let now = try self.record(of: name)
        switch now.state {
        case .ended: return now.lastKnownStatus
        case .lost: return try stopLost(now, seconds: seconds)
        case .live: throw error
        }
      }
    }
  }

  /// A pup ends moments after its target; then the name is free again.
  private func waitForPup(_ pup: ProcessIdentity) throws(ServiceFailure) {
    _ = pup.waitForEnd(.seconds(5))
  }

  /// Without a pup the signals are ours to send, to the process that was the target and no other.
  private func stopLost(
    _ record: ProgramRecord, seconds: Double
  ) throws(ServiceFailure) -> StatusReport {
    if let target = record.target {
      try talking { () throws(TalkFailure) in
        guard try target.signal(SIGTERM), !target.waitForEnd(.seconds(seconds)) else { return }
        guard try target.signal(SIGKILL) else { return }
        _ = target.waitForEnd(.seconds(5))
      }
      guard !target.isAlive else {
        throw .cannot("still-running", "process \(target.pid) does not end")
      }
    }
    let settled = try talking { () throws(TalkFailure) in try mapper.settle(record.name) }
    return settled.lastKnownStatus
  }

  /// Prints that a program has ended.
  package func showStopped(_ status: StatusReport) {
    guard !console.isJSON else {
      console.printJSON(status)
      return
    }
    let exit = status.target.exit.map { ", exit status \($0)" } ?? ""
    console.print("\(status.program): ended\(exit)")
  }
}
