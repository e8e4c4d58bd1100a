import Foundation
import PupProtocol
import Testing

/// What is sent has the fields that the interface's definition gives it.
@Suite struct InsightMessageTests {
  /// The fields of a type of the definition, in order of their names.
  private func fields(of type: String) throws -> [String] {
    let text = ProgramInterface.text
    let head = try #require(text.firstRange(of: "type \(type) ("))
    var depth = 1
    var body = ""
    for character in text[head.upperBound...] {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if depth == 0 { break }
      // What is in further parentheses are the words of an enumeration.
      if depth == 1 { body.append(character) }
    }
    return body.split(separator: "\n").map { $0.split(separator: "#").first ?? "" }
      .filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("#") }
      .joined(separator: " ").split(separator: ",").compactMap { field in
        field.split(separator: ":").first.map { $0.trimmingCharacters(in: .whitespaces) }
      }.filter { !$0.isEmpty }.sorted()
  }

  private func keys(of value: some Encodable) throws -> [String] {
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
    return try #require(object as? [String: Any]).keys.sorted()
  }

  private func expect(_ value: some Encodable, is type: String) throws {
    #expect(try keys(of: value) == fields(of: type), "\(type)")
  }

  @Test func `stacks are sent as they are defined`() throws {
    var frame = FrameReport(kind: .procedure, offset: 1, address: "0x1")
    (frame.procedure, frame.symbol, frame.inlined, frame.version) = ("p", "p", "q", 1)
    (frame.file, frame.line, frame.object) = ("p.c", 1, "/p")
    try expect(frame, is: "Frame")
    let thread = ThreadReport(tid: 1, name: "t", frames: [frame], notSafe: "why")
    try expect(thread, is: "Thread")
    try expect(
      StackReport(program: "x", pid: 1, version: 1, pauseMicroseconds: 1, threads: [thread]),
      is: "StackReport")
  }

  @Test func `versions are sent as they are defined`() throws {
    var version = VersionReport(version: 1, state: .running)
    (version.build, version.path, version.since) = ("00", "/x", "2026-01-01T00:00:00Z")
    (version.procedures, version.code) = (1, 1)
    try expect(version, is: "Version")
    try expect(
      ProcedureState(procedure: "p", state: .waiting, tid: 1, frame: "p"), is: "ProcedureState")
    let arenas = ArenaReport(textUsed: 1, textFree: 2, dataUsed: 3, dataFree: 4)
    try expect(arenas, is: "Arenas")
    var report = VersionsReport(program: "x", version: 1)
    report.arenas = arenas
    try expect(report, is: "VersionsReport")
  }

  @Test func `explanations and graphs are sent as they are defined`() throws {
    let hold = HoldReport(kind: .notWalked, path: ["p"], tid: 1, frame: 1, reason: "why")
    try expect(hold, is: "Hold")
    try expect(
      ExplainReport(
        program: "x", procedure: "p", verdict: .waits, from: 1, to: 2, because: [hold],
        headline: "p waits"), is: "ExplainReport")
    try expect(GraphNode(name: "p", file: "p.c"), is: "Node")
    try expect(GraphEdge(from: 0, to: 1, kind: .direct), is: "Edge")
    try expect(GraphReport(program: "x", from: 1, to: 2), is: "GraphReport")
  }

  @Test func `every word of an enumeration is defined`() {
    let words =
      ["procedure", "program", "library", "gate", "signal", "unknown"]
      .compactMap { FrameReport.Kind(rawValue: $0)?.rawValue }
    #expect(ProgramInterface.text.contains("kind: (\(words.joined(separator: ", ")))"))
    #expect(words.count == 6)
    #expect(HoldReport.Kind.notWalked.rawValue == "not_walked")
    #expect(ProgramInterface.text.contains("kind: (active, not_walked, reaches, grouped)"))
  }
}
