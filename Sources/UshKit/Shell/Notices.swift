import Glibc
import PupProtocol
import Synchronization

/// Lines that arrive unasked, until the shell shows them.
final class NoticeQueue: Sendable {
  private let lines = Mutex<[String]>([])
  private let wakeup: Wakeup

  init() throws(ServiceFailure) {
    wakeup = try talking { () throws(TalkFailure) in try Wakeup() }
  }

  /// Readable while there are lines.
  var descriptor: Int32 { wakeup.descriptor }

  func add(_ line: String) {
    lines.withLock { lines in
      // A shell that is left alone for days keeps the newest.
      if lines.count >= 1_000 { lines.removeFirst() }
      lines.append(line)
      wakeup.signal()
    }
  }

  /// All lines so far, which are then forgotten.
  func take() -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      wakeup.drain()
      return lines
    }
  }
}

/// Follows one program's events and notes what a user wants to know, until it ends or is let go.
final class NoticeFeed: Sendable {
  private let name: String
  private let queue: NoticeQueue
  private let isOpen = Atomic(true)
  /// Signalled once the events are watched, or cannot be.
  private let begun: Wakeup
  /// How the notices name the program, which changes when a second host comes in.
  private let shownName: @Sendable () -> String

  /// Returns once it follows, so that nothing that the next command does is missed.
  init(
    _ name: String, into queue: NoticeQueue, shownName: @escaping @Sendable () -> String
  ) throws(ServiceFailure) {
    begun = try talking { () throws(TalkFailure) in try Wakeup() }
    self.name = name
    self.queue = queue
    self.shownName = shownName
    try talking { () throws(TalkFailure) in try onNewThread { self.follow() } }
    begun.wait(atMost: .seconds(20))
  }

  /// Says nothing any more.
  func close() { isOpen.store(false, ordering: .relaxed) }

  private func follow() {
    defer { begun.signal() }
    var isLost = false
    while isOpen.load(ordering: .relaxed) {
      do throws(ServiceFailure) {
        let session = try Session(Console(isJSON: false))
        try session.watchQuietly(name) { event in
          begun.signal()
          if isLost {
            say("\(shownName()): connected again")
            isLost = false
          }
          if let event { tell(event) }
          return isOpen.load(ordering: .relaxed)
        }
      } catch {
        begun.signal()
        switch error.code {
        case "ended", "no-such-program": return
        case "lost": return say(error.message)
        default: break
        }
        if !isLost { say("\(shownName()): \(error.message)") }
        isLost = true
      }
      usleep(500_000)
    }
  }

  private func tell(_ event: ProgramEvent) {
    switch event.kind {
    case .completed:
      guard let report = event.report else { return }
      say("Program \(shownName()) updated to version \(report.to) successfully")
    case .undone:
      say("Program \(shownName()): the update was undone: \(event.report?.reason ?? "cancelled")")
    case .exited:
      let ending = event.exit.map { " with status \($0)" } ?? ""
      say("Program \(shownName()) has ended\(ending)")
    default: break
    }
  }

  private func say(_ text: String) {
    if isOpen.load(ordering: .relaxed) { queue.add("*** \(text) ***") }
  }
}

extension Session {
  /// Hands over the events of `name`, and `nil` every second, until its end or until `take` says no.
  func watchQuietly(
    _ name: String, _ take: (ProgramEvent?) -> Bool
  ) throws(ServiceFailure) {
    var client = try connect(to: name)
    guard take(nil) else { return }
    try talking { () throws(TalkFailure) in
      try client.stream(
        "\(ProgramInterface.name).Watch", WatchRequest(), tick: .seconds(1),
        as: Answers.Happened.self
      ) { take($0?.event) }
    }
  }
}
