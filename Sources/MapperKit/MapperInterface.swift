package import PupProtocol

/// `org.podus.mapper`: the registry, as Varlink calls.
package struct MapperInterface: VarlinkInterface {
  private struct Program: Encodable { let program: ProgramRecord }

  private let registry: Registry

  package init(registry: Registry) { self.registry = registry }

  package var name: String { MapperMessages.interface }
  package var definition: String { MapperMessages.text }

  package func handle(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(VarlinkError) {
    switch call.method {
    case "Register": try await register(call, replies)
    case "Note":
      let record = try call.parameters(MapperMessages.Record.self).program
      try answering(as: name) { () throws(ServiceFailure) in
        try registry.note(record, caller: call.peer)
      }
      replies.send(NoParameters())
    case "Deregister":
      let record = try call.parameters(MapperMessages.Record.self).program
      try answering(as: name) { () throws(ServiceFailure) in
        try registry.deregister(record, caller: call.peer)
      }
      replies.send(NoParameters())
    case "Resolve":
      let wanted = try call.parameters(MapperMessages.Named.self)
      let record = try answering(as: name) { () throws(ServiceFailure) in
        try registry.resolve(
          wanted.name, connecting: wanted.connecting ?? false, from: wanted.from,
          caller: call.peer)
      }
      replies.send(Program(program: record))
    case "List": replies.send(MapperMessages.Records(programs: registry.list()))
    case "Settle":
      let wanted = try call.parameters(MapperMessages.Named.self)
      let record = try answering(as: name) { () throws(ServiceFailure) in
        try registry.settle(wanted.name)
      }
      replies.send(Program(program: record))
    default: throw .methodNotFound(call.method)
    }
  }

  /// Lasts as long as the pup's connection; the task is cancelled when that ends.
  private func register(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(VarlinkError) {
    guard call.wantsMore else { throw .expectedMore }
    let request = try call.parameters(MapperMessages.Record.self)
    let (claim, alerts) = try answering(as: name) { () throws(ServiceFailure) in
      try registry.register(
        request.program, adopting: request.adopting ?? false, caller: call.peer)
    }
    replies.send(MapperMessages.Registered(), continues: true)
    for await alert in alerts {
      replies.send(MapperMessages.Registered(alert: alert), continues: true)
    }
    registry.connectionEnded(claim)
    replies.send(MapperMessages.Registered())
  }
}
