import Digest
import Glibc
import PupProtocol
import TestSupport
import Testing

/// The bridge as any program may use it: bytes in, bytes out.
@Suite(.timeLimit(.minutes(2))) struct BridgeTests {
  /// What the bridge answers to `calls`, each of them a JSON text.
  private func answers(to calls: [String], _ sandbox: Sandbox) async throws -> [String] {
    let input = "\(sandbox.folder)/input"
    try write(calls.flatMap { Array($0.utf8) + [0] }, to: input)
    // The input stays open until the last answer has come, as ssh's does.
    let script = "(cat \(input); exec sleep 1) | \(TestTools.mapper) bridge"
    let outcome = try await Command(
      "/bin/sh", ["-c", script], environment: sandbox.environment()
    ).run()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    return outcome.output.split(separator: "\0").map(String.init)
  }

  private func put(
    name: String = "f", digest: String = SHA256.digest(of: "abcdef".utf8), size: Int = 6,
    offset: Int? = nil, data: String? = nil
  ) -> String {
    let set = String(repeating: "0", count: 64)
    let rest =
      (offset.map { ",\"offset\":\($0)" } ?? "") + (data.map { ",\"data\":\"\($0)\"" } ?? "")
    return #"{"method":"org.podus.bridge.Put","parameters":{"set":"\#(set)","name":"\#(name)","#
      + #""digest":"\#(digest)","size":\#(size)\#(rest)}}"#
  }

  @Test func `describes itself, and passes calls to the mapper and to the selected pup`()
    async throws
  {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let replies = try await answers(
        to: [
          #"{"method":"org.varlink.service.GetInfo"}"#,
          #"{"method":"org.podus.mapper.List"}"#,
          #"{"method":"org.podus.pup.Status"}"#,
          #"{"method":"org.podus.bridge.Select","parameters":{"program":"y"}}"#,
          #"{"method":"org.podus.bridge.Select","parameters":{"program":"x"}}"#,
          #"{"method":"org.podus.pup.Status"}"#,
          #"{"method":"org.podus.pup.Dance"}"#,
          #"{"method":"org.podus.bridge.Dance"}"#,
          #"{"method":"org.other.Dance"}"#,
        ], sandbox)
      try #require(replies.count == 9, "\(replies)")
      #expect(replies[0].contains(#""interfaces":["org.varlink.service","org.podus.bridge"]"#))
      #expect(replies[1].contains(#""name":"x""#))
      #expect(replies[2].contains(#""code":"not-selected""#))
      #expect(replies[3].contains(#""error":"org.podus.bridge.NoSuchProgram""#))
      #expect(replies[4] == #"{"parameters":{}}"#)
      #expect(replies[5].contains(#""state":"running""#))
      #expect(replies[6].contains("MethodNotFound") && replies[7].contains("MethodNotFound"))
      #expect(replies[8].contains("InterfaceNotFound"))
    }
  }

  @Test func `says so when a pup goes before it has answered`() async throws {
    try await withSandbox { sandbox in
      _ = try await sandbox.talk("run", "x", "/bin/sleep", "1000")
      let pup = try await sandbox.status(of: "x", using: TestTools.ush).pup
      async let replies = answers(
        to: [
          #"{"method":"org.podus.bridge.Select","parameters":{"program":"x"}}"#,
          #"{"method":"org.podus.pup.Watch","more":true}"#,
          #"{"method":"org.podus.mapper.Resolve","parameters":{"name":"x"}}"#,
        ], sandbox)
      await pause(.milliseconds(300))
      signal(.kill, to: Int32(pup))
      let all = try await replies
      try #require(all.count == 3, "\(all)")
      #expect(all[1] == #"{"error":"org.podus.bridge.Closed","parameters":{}}"#)
      #expect(all[2].contains(#""state":"lost""#))
    }
  }

  @Test func `takes a file in pieces, once`() async throws {
    try await withSandbox { sandbox in
      let replies = try await answers(
        to: [
          put(), put(offset: 0, data: "YWJj"), put(), put(offset: 3, data: "ZGVm"), put(),
        ], sandbox)
      try #require(replies.count == 5)
      let path = "\(sandbox.folder)/state/pup/uploads/\(String(repeating: "0", count: 64))/f"
      let absent = #"{"parameters":{}}"#
      let present = #"{"parameters":{"path":"\#(path)"}}"#
      #expect(replies == [absent, absent, absent, present, present])
      #expect(contents(of: path) == "abcdef")
    }
  }

  @Test func `takes no file that is damaged, misplaced or put together wrongly`() async throws {
    try await withSandbox { sandbox in
      let replies = try await answers(
        to: [
          put(offset: 0, data: "YWJjZGVn"), put(name: "../f", offset: 0, data: "YWJjZGVm"),
          put(name: "/f", offset: 0, data: "YWJjZGVm"), put(name: "a/./f"), put(name: ""),
          put(digest: "../../x"), put(offset: 3, data: "ZGVm"), put(offset: 0, data: "%%%"),
          put(offset: 0, data: "YWJjZGVmZw=="), put(size: -1), put(),
        ], sandbox)
      try #require(replies.count == 11)
      #expect(replies[0].contains(#""code":"damaged""#))
      for reply in replies[1..<10] {
        #expect(reply.contains(#""error":"org.podus.bridge.Malformed""#), "\(reply)")
      }
      #expect(replies[10] == #"{"parameters":{}}"#)
    }
  }

  @Test(arguments: [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 100_003])
  func `digests as sha256sum does`(byteCount: Int) async throws {
    try await withSandbox { sandbox in
      let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 5) }
      let path = "\(sandbox.folder)/f"
      try write(bytes, to: path)
      let reference = try await Command("/usr/bin/sha256sum", [path]).run()
      #expect(reference.output.hasPrefix(SHA256.digest(of: bytes) + " "))
      var digest = SHA256()
      for start in stride(from: 0, to: byteCount, by: 37) {
        digest.update(Array(bytes[start..<min(byteCount, start + 37)]))
      }
      #expect(reference.output.hasPrefix(digest.finish() + " "))
    }
  }

  @Test func `files of a set keep their places beside each other`() {
    let set = FileSet(["/a/b/x.changes", "/a/maps/m.c", "/a/maps/in/h.h"])
    #expect(set.folder == "/a")
    #expect(set.files == ["b/x.changes", "maps/m.c", "maps/in/h.h"])
    #expect(FileSet(["/f"]).paths == ["/f"])
    #expect(FileSet(["/a/f", "/a/f"]).files == ["f", "f"])
  }
}
