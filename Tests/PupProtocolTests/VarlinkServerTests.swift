import Glibc
import PupProtocol
import TestSupport
import Testing

private let status = #"{"method":"org.podus.pup.Status"}"#

/// Real sockets: the server in a process of its own, a client that only knows bytes.
@Suite(.timeLimit(.minutes(1))) struct VarlinkServerTests {
  @Test func `describes itself`() async throws {
    try await withScriptedPup { socket, _ in
      let client = try RawClient(socket)
      let info = try #require(client.ask(#"{"method":"org.varlink.service.GetInfo"}"#))
      #expect(info.contains(#""interfaces":["org.varlink.service","org.podus.pup"]"#))
      let text = try #require(
        client.ask(
          #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.podus.pup"}}"#
        ))
      let methods = ["Status", "Load", "Run", "Attach", "Update", "Wait", "Cancel", "Watch"]
      for method in methods + ["Stop"] {
        #expect(text.contains("method \(method)("))
        // Fields of the wrong type: the method is there, and does nothing.
        let answer = try #require(
          client.ask(
            #"{"method":"org.podus.pup.\#(method)","parameters":{"pid":"","update":"","seconds":"","path":7}}"#
          ))
        #expect(!answer.contains("MethodNotFound"), "\(method): \(answer)")
      }
    }
  }

  @Test func `tells unknown interfaces, methods and parameters apart`() async throws {
    try await withScriptedPup { socket, _ in
      let client = try RawClient(socket)
      #expect(
        client.ask(#"{"method":"org.other.X"}"#)
          == #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"org.other"}}"#
      )
      #expect(
        client.ask(#"{"method":"org.podus.pup.Dance"}"#)
          == #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"Dance"}}"#)
      #expect(
        client.ask(#"{"method":"org.podus.pup.Update","parameters":{"path":7}}"#)
          == #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"path"}}"#)
      #expect(
        client.ask(#"{"method":"org.podus.pup.Watch"}"#)
          == #"{"error":"org.varlink.service.ExpectedMore","parameters":{}}"#)
    }
  }

  @Test func `takes a call byte by byte, and two calls in one piece`() async throws {
    try await withScriptedPup { socket, _ in
      let client = try RawClient(socket)
      for byte in Array(status.utf8) + [0] {
        client.send([byte])
        usleep(500)
      }
      #expect(client.reply()?.contains(#""state":"running""#) == true)
      client.call(status + "\0" + #"{"method":"org.podus.pup.Dance"}"#)
      #expect(client.reply()?.contains(#""state":"running""#) == true)
      #expect(client.reply()?.contains("MethodNotFound") == true)
    }
  }

  @Test func `a oneway call has no reply`() async throws {
    try await withScriptedPup { socket, _ in
      let client = try RawClient(socket)
      client.call(#"{"method":"org.podus.pup.Dance","oneway":true}"#)
      #expect(client.ask(status)?.contains(#""state":"running""#) == true)
    }
  }

  @Test(arguments: ["{", "[]", "\"\"", "", "{\"method\":7}", "{\"method\":\"x\"}", "\u{1}"])
  func `ends a connection that is no Varlink, and only that`(_ text: String) async throws {
    try await withScriptedPup { socket, _ in
      let client = try RawClient(socket)
      let other = try RawClient(socket)
      #expect(client.ask(text)?.contains(#""error":"org.podus.pup.Malformed""#) == true)
      #expect(client.reply() == nil)
      #expect(other.ask(status)?.contains(#""state":"running""#) == true)
    }
  }

  @Test func `cuts off a message without an end`() async throws {
    try await withScriptedPup { socket, _ in
      let client = try RawClient(socket)
      #expect(!client.send([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20)))
      #expect(try RawClient(socket).ask(status)?.contains(#""state":"running""#) == true)
    }
  }

  @Test func `a client that vanishes or does not read holds nobody up`() async throws {
    try await withScriptedPup { socket, folder in
      let waits = try program("waits", in: folder)
      for _ in 0..<20 {
        let silent = try RawClient(socket)
        silent.call(
          #"{"method":"org.podus.pup.Update","parameters":{"path":"\#(waits)","waitSeconds":60}}"#)
        try RawClient(socket).send(Array("{\"meth".utf8))
        let deaf = try RawClient(socket)
        deaf.call(#"{"method":"org.podus.pup.Watch","more":true}"#)
        for _ in 0..<20 { deaf.call(status) }
      }
      let client = try RawClient(socket)
      #expect(client.ask(status)?.contains(#""state":"updating""#) == true)
      #expect(
        client.ask(#"{"method":"org.podus.pup.Cancel"}"#)?.contains(#""result":"undone""#) == true)
    }
  }

  @Test func `streams events until the program ends`() async throws {
    try await withScriptedPup { socket, folder in
      let watcher = try RawClient(socket)
      watcher.call(#"{"method":"org.podus.pup.Watch","more":true}"#)
      let client = try RawClient(socket)
      let waits = try program("waits", in: folder)
      // Until the watcher is known to the pup, an event might pass it by.
      usleep(100_000)
      let report = client.ask(
        #"{"method":"org.podus.pup.Update","parameters":{"path":"\#(waits)","waitSeconds":0}}"#)
      #expect(report?.contains(#""result":"waiting""#) == true)
      let event = watcher.reply()
      #expect(event?.contains(#""kind":"waiting""#) == true)
      #expect(event?.contains(#""continues":true"#) == true)
      #expect(client.ask(#"{"method":"org.podus.pup.Stop"}"#)?.contains(#""exit":143"#) == true)
      #expect(watcher.reply()?.contains(#""kind":"exited""#) == true)
      #expect(watcher.reply()?.contains(#""code":"ended""#) == true)
    }
  }

  @Test func `with more, an update sends its events before its report`() async throws {
    try await withScriptedPup { socket, folder in
      let client = try RawClient(socket)
      let waits = try program("waits", in: folder)
      client.call(
        #"{"method":"org.podus.pup.Update","parameters":{"path":"\#(waits)","waitSeconds":0.2},"more":true}"#
      )
      #expect(client.reply()?.contains(#""event":{"#) == true)
      let last = try #require(client.reply())
      #expect(last.contains(#""report":{"#))
      #expect(!last.contains("continues"))
    }
  }

  @Test func `serves a path that no socket address holds`() async throws {
    try await withSandbox { sandbox in
      let folder = sandbox.folder + "/" + String(repeating: "long", count: 40)
      #expect(unsafe mkdir(folder, 0o700) == 0)
      let service = NamedInterface(name: "org.example.long")
      let server = try VarlinkServer(
        path: folder + "/s", product: "test", interfaces: [service])
      try server.start()
      defer { server.stop() }
      let path = folder + "/s"
      let answer = try await onThread { () throws(TalkFailure) in
        var client = try VarlinkClient(path: path)
        return try client.call(
          "org.example.long.Name", timeout: .seconds(5), as: [String: String].self)
      }
      #expect(answer == ["name": "org.example.long"])
    }
  }

  @Test func `refuses another user by name of the error`() async throws {
    try #require(geteuid() == 0, "needs root, to become another user")
    try await withScriptedPup { socket, folder in
      #expect(unsafe chmod(folder, 0o755) == 0)
      #expect(unsafe chmod(splitPath(socket).directory, 0o755) == 0)
      let outcome = try await Command(
        "/usr/bin/setpriv",
        ["--reuid", "65534", "--regid", "65534", "--clear-groups", TestTools.pup, "call", socket]
      ).run()
      #expect(outcome.output == "not-permitted\n", "\(outcome.summary)")
      #expect(try RawClient(socket).ask(status)?.contains(#""state":"running""#) == true)
    }
  }
}

/// An interface that answers with its name.
private struct NamedInterface: VarlinkInterface {
  let name: String
  let definition = ""
  func handle(
    _ call: VarlinkCall, _ replies: VarlinkReplies
  ) async throws(VarlinkError) {
    replies.send(["name": name])
  }
}
