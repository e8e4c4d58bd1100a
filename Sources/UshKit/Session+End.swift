package import PupProtocol

extension Session {
  /// Ends a program: SIGTERM, `seconds`, SIGKILL; a program that has ended already is fine.
  package func stop(_ name: String, seconds: Double = 10) throws(ServiceFailure) -> StatusReport {
    let site = try site(of: name)
    let record = try site.record()
    switch record.state {
    case .ended: return site.shown(record.lastKnownStatus)
    case .lost: return site.shown(try site.host.end(site.name, seconds: seconds))
    case .live:
      do throws(ServiceFailure) {
        let answer: Answers.Status = try call("Stop", of: name, StopRequest(seconds: seconds))
        // A pup ends moments after its target; then the name is free again.
        try site.host.waitForEnd(of: record)
        return site.shown(answer.status)
      } catch {
        let now = try site.record()
        switch now.state {
        case .ended: return site.shown(now.lastKnownStatus)
        case .lost: return site.shown(try site.host.end(site.name, seconds: seconds))
        case .live: throw error
        }
      }
    }
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
