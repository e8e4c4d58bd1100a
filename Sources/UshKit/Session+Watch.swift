package import PupProtocol

extension Session {
  /// Prints the events of a program as they come, until it ends.
  package func watch(_ name: String) throws(ServiceFailure) {
    let site = try site(of: name)
    var client = try site.connect()
    // In a shell, Ctrl-C ends the view and not the shell.
    client.interruptDescriptor = Interruptions.ofShell?.descriptor ?? -1
    do throws(TalkFailure) {
      try client.stream(
        "\(ProgramInterface.name).Watch", WatchRequest(), as: Answers.Happened.self
      ) { answer in
        guard var event = answer?.event else { return true }
        event.program = site.text
        if console.isJSON {
          console.printJSON(event)
        } else {
          event.lines.forEach { console.print($0) }
        }
        return true
      }
    } catch {
      if case .refused(let failure) = error, failure.code == "ended" { return }
      switch error {
      case .closed, .interrupted: return
      default: break
      }
      throw error.asServiceFailure
    }
  }
}
