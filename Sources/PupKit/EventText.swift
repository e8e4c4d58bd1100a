import PupProtocol
import Updating
import VersionSpace

/// Turns what happens in an update into events for people and programs.
struct EventText: Sendable {
  let program: String
  let update: Int
  let plan: UpdatePlan
  let isDebugging: Bool

  func send(_ event: UpdateEvent, to events: EventBroadcast) {
    switch event {
    case .interrupted, .stored, .numbered, .finished, .stopEnded: trace(event, to: events)
    case .stopped(let microseconds, _):
      emit(.paused, "paused for \(microseconds) µs", to: events) {
        $0.pauseMicroseconds = microseconds
      }
    case .backtrace(let names): sendStack(names, to: events)
    case .inactive(let names):
      emit(.inactive, "computed inactive procedures:", to: events) { $0.procedures = names }
      guard names.isEmpty else { return }
      emit(
        .inactive, "no changed procedures could be warped to \(space) at this time", to: events)
    case .updated(let names): sendWarped(names, "changed", to: events)
    case .gatesPlaced:
      dispatched("EI POP", to: events)
      emit(.gated, "enabled procedure return interrupts", to: events)
    case .waiting(let frames): sendWaiting(frames, to: events)
    case .reset(let names):
      emit(.data, "took the new initial value: " + names.joined(separator: " "), to: events)
    case .kept(let names):
      emit(.data, "kept its value: " + names.joined(separator: " "), to: events)
    // The report says so.
    case .undone: break
    }
  }

  private var space: String { "version space \(plan.to.rawValue)" }

  /// What the paper's pup prints with debugging enabled (section 6).
  private func trace(_ event: UpdateEvent, to events: EventBroadcast) {
    switch event {
    case .interrupted(let isFirst):
      traced(
        isFirst
          ? "INTERRUPT! (pup state: 2) received command UPDATE"
          : "PROCEDURE INVOCATION TERMINATED!", to: events)
      dispatched("GET RTS", to: events)
    case .stored: dispatched("SET SDTE", to: events)
    case .numbered: dispatched("SET HRVN", to: events)
    case .finished(let hadGates): if hadGates { dispatched("DI POP", to: events) }
    case .stopEnded: dispatched("EOF", to: events)
    default: break
    }
  }

  private func dispatched(_ command: String, to events: EventBroadcast) {
    traced("UPDATE dispatcher received command \(command)", to: events)
  }

  private func traced(_ text: String, to events: EventBroadcast) {
    guard isDebugging else { return }
    emit(.primitive, "pup: \(text)", to: events)
  }

  /// The stack, and that what has not changed is in the new version space from now on.
  private func sendStack(_ names: [String], to events: EventBroadcast) {
    emit(.stack, "program \(program) runtime stack backtrace:", to: events) {
      $0.procedures = names
    }
    sendWarped(plan.warped, "unchanged", to: events)
  }

  private func sendWarped(_ names: [String], _ which: String, to events: EventBroadcast) {
    emit(
      .warped, "warped \(names.count) \(which) procedures into \(space)", to: events
    ) {
      $0.procedures = names
      $0.version = plan.to.rawValue
    }
  }

  private func sendWaiting(_ frames: [WaitingFrame], to events: EventBroadcast) {
    let waiting = frames.map {
      WaitingProcedure(procedure: $0.procedure, tid: Int($0.tid), frame: $0.frame)
    }
    let text = waiting.map { "\($0.procedure) for \($0.frame) of thread \($0.tid)" }
    emit(.waiting, "waiting: " + text.joined(separator: ", "), to: events) {
      $0.waiting = waiting
    }
  }

  private func emit(
    _ kind: ProgramEvent.Kind, _ message: String, to events: EventBroadcast,
    _ change: (inout ProgramEvent) -> Void = { _ in }
  ) {
    var event = ProgramEvent(program: program, kind: kind, update: update, message: message)
    change(&event)
    events.send(event)
  }
}

extension UpdateReport {
  /// One line for people.
  var headline: String {
    switch result {
    case .updated: "Program \(program) updated to version \(to) successfully"
    case .already: reason ?? "nothing to do"
    case .waiting:
      "waiting: " + waiting.map { "\($0.procedure) for \($0.frame)" }.joined(separator: ", ")
    case .refused: "refused: " + (reason ?? "")
    case .undone: "undone: " + (reason ?? "")
    }
  }
}
