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
    case .stopped(let microseconds, _):
      primitive("GET RTS", to: events)
      emit(.paused, "paused for \(microseconds) µs", to: events) {
        $0.pauseMicroseconds = microseconds
      }
    case .backtrace(let names):
      let text = names.isEmpty ? "no procedure is active" : names.joined(separator: " ")
      emit(.primitive, "program \(program) runtime stack backtrace: \(text)", to: events)
    case .stored(let store, let procedure):
      primitive("SET SDTE \(procedure) at \(store.slot)", to: events)
    case .updated(let names):
      emit(
        .warped,
        "warped \(names.count) changed procedures into version space \(plan.to.rawValue): "
          + names.joined(separator: " "), to: events
      ) {
        $0.procedures = names
        $0.version = plan.to.rawValue
      }
    case .gatesPlaced(let count): primitive("EI POP (\(count) gates)", to: events)
    case .waiting(let frames):
      let waiting = frames.map {
        WaitingProcedure(procedure: $0.procedure, tid: Int($0.tid), frame: $0.frame)
      }
      let text = waiting.map { "\($0.procedure) for \($0.frame) of thread \($0.tid)" }
      emit(.waiting, "waiting: " + text.joined(separator: ", "), to: events) {
        $0.waiting = waiting
      }
    case .reset(let names):
      emit(.primitive, "took the new initial value: " + names.joined(separator: " "), to: events)
    case .kept(let names):
      emit(.primitive, "kept its value: " + names.joined(separator: " "), to: events)
    case .finished: primitive("DI POP", to: events)
    case .undone(let reason): emit(.primitive, "undone: \(reason)", to: events)
    }
  }

  private func primitive(_ name: String, to events: EventBroadcast) {
    guard isDebugging else { return }
    emit(.primitive, "pup: UPDATE dispatcher received command \(name)", to: events)
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
