import PupProtocol
import Testing

@Suite struct FrameBufferTests {
  @Test func `cuts messages at each NUL, however the bytes arrive`() {
    var buffer = FrameBuffer()
    var messages: [String] = []
    for byte in Array("one\0two\0\0rest".utf8) {
      buffer.append([byte])
      while let message = buffer.next() {
        messages.append(String(decoding: message, as: UTF8.self))
      }
    }
    #expect(messages == ["one", "two", ""])
    #expect(buffer.next() == nil)
  }

  @Test func `is overfull only by an unfinished message`() {
    var buffer = FrameBuffer(limit: 4)
    buffer.append(Array("abcd".utf8))
    #expect(!buffer.isOverfull)
    buffer.append(Array("e".utf8))
    #expect(buffer.isOverfull)
    buffer.append([0])
    #expect(buffer.next() == Array("abcde".utf8))
    #expect(!buffer.isOverfull)
  }
}

@Suite struct WireTests {
  @Test func `reports have the field names of the command contract`() throws {
    let report = UpdateReport(
      id: 3, program: "x", result: .waiting, from: 1, to: 2, changed: ["f"],
      waiting: [WaitingProcedure(procedure: "f", tid: 7, frame: "g+0x10")],
      pausesMicroseconds: [34], reason: "held")
    let text = String(decoding: VarlinkEncoding.reply(report, continues: false), as: UTF8.self)
    #expect(
      text == """
        {"parameters":{"changed":["f"],"data":[],"from":1,"id":3,"ignored":[],"pauses_us":[34],\
        "program":"x","reason":"held","resident":[],"result":"waiting","to":2,"updated":[],\
        "waiting":[{"frame":"g+0x10","procedure":"f","tid":7}],"warped":[]}}\0
        """)
  }

  @Test func `a request may leave out all that has a default`() throws {
    let bytes = Array(#"{"method":"org.podus.pup.Update","parameters":{"path":"/x"}}"#.utf8)
    let call = try #require(VarlinkCall(bytes, from: Peer(pid: 1, uid: 0)))
    #expect(call.method == "Update")
    #expect(try call.parameters() == UpdateRequest(path: "/x"))
  }

  @Test(arguments: [
    (#"{"path":7}"#, "path"), (#"{"noGroups":"yes"}"#, "noGroups"), ("[]", "parameters"),
  ])
  func `names the field that is unusable`(_ parameters: String, _ field: String) throws {
    let bytes = Array(#"{"method":"a.b.C","parameters":\#(parameters)}"#.utf8)
    let call = try #require(VarlinkCall(bytes, from: Peer(pid: 1, uid: 0)))
    #expect(throws: VarlinkError.invalidParameter(field)) {
      try call.parameters(UpdateRequest.self)
    }
  }

  @Test(arguments: [
    "", ".x", "-x", "a/b", "..", "a b", "mapper", String(repeating: "n", count: 65),
  ])
  func `refuses names that cannot be files of their own`(_ name: String) {
    #expect(throws: ServiceFailure.self) { try ProgramRecord.check(name) }
  }
}
