import FoundationEssentials

/// `org.podus.bridge`: what a user of another host does here, besides talking to a pup.
struct BridgeInterface: VarlinkInterface {
  private static let killSeconds = 10.0

  let host: LocalHost
  let selection: Selection
  let uploads: Uploads
  /// The host that the user comes from.
  let origin: String?

  var name: String { BridgeMessages.interface }
  var definition: String { BridgeMessages.text }

  func handle(_ call: VarlinkCall, _ replies: VarlinkReplies) async throws(VarlinkError) {
    switch call.method {
    case "Select":
      let wanted = try call.parameters(BridgeMessages.Selection.self)
      try answering(as: name) { () throws(ServiceFailure) in
        _ = try host.liveRecord(
          of: wanted.program, connecting: wanted.connecting ?? false, from: origin)
      }
      selection.choose(wanted.program)
      replies.send(NoParameters())
    case "Status":
      let wanted = try call.parameters(BridgeMessages.Named.self)
      replies.send(
        try answering(as: name) { () throws(ServiceFailure) in
          StatusAnswer(status: try host.status(of: wanted.program))
        })
    case "Put":
      let piece = try call.parameters(BridgeMessages.Piece.self)
      replies.send(
        try answering(as: name) { () throws(ServiceFailure) in
          BridgeMessages.Placed(path: try uploads.put(piece))
        })
    case "Log":
      let wanted = try call.parameters(BridgeMessages.LogRequest.self)
      replies.send(
        try answering(as: name) { () throws(ServiceFailure) in
          let piece = try host.log(of: wanted.program, from: wanted.offset ?? 0)
          return BridgeMessages.Log(
            log: piece.log, data: Data(piece.bytes).base64EncodedString(),
            hasEnded: piece.hasEnded)
        })
    default: try lifeAndDeath(call, replies)
    }
  }

  private func lifeAndDeath(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) throws(VarlinkError) {
    switch call.method {
    case "Start":
      let wanted = try call.parameters(BridgeMessages.Start.self)
      replies.send(
        try answering(as: name) { () throws(ServiceFailure) in
          try ProgramRecord.check(wanted.program)
          guard !wanted.command.isEmpty else {
            throw .malformed("no-command", "a program is needed")
          }
          return StatusAnswer(status: try host.start(wanted.program, wanted.command))
        })
    case "Attach":
      let wanted = try call.parameters(BridgeMessages.Attach.self)
      replies.send(
        try answering(as: name) { () throws(ServiceFailure) in
          try ProgramRecord.check(wanted.program)
          return BridgeMessages.Attached(
            attached: try host.attach(wanted.program, pid: wanted.pid))
        })
    case "End":
      let wanted = try call.parameters(BridgeMessages.End.self)
      replies.send(
        try answering(as: name) { () throws(ServiceFailure) in
          StatusAnswer(
            status: try host.end(wanted.program, seconds: wanted.seconds ?? Self.killSeconds))
        })
    default: throw .methodNotFound(call.method)
    }
  }
}
