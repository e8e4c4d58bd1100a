import TestSupport
import Testing

/// `ush versions`: what a pup knows of its program's versions, over updates and its own death.
@Suite(.timeLimit(.minutes(5))) struct VersionsTests {
  struct Report: Decodable {
    struct Version: Decodable {
      var version: Int
      var state: String
      var build: String?
      var path: String?
      var since: String?
      var procedures: Int?
      var code: Int?
    }
    struct Procedure: Decodable {
      var procedure: String
      var state: String
      var tid: Int?
      var frame: String?
    }
    struct Arenas: Decodable {
      var text_used: Int
      var text_free: Int
      var data_used: Int
      var data_free: Int
    }
    var program: String
    var version: Int
    var versions: [Version]
    var procedures: [Procedure]
    var arenas: Arenas?
  }

  private func versions(_ sandbox: Sandbox) async throws -> Report {
    try decode(from: try await sandbox.ush("versions", "pizza", "--json"))
  }

  @Test func `lists versions as they are loaded, pending, running and earlier`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "700"])
      var report = try await versions(sandbox)
      #expect(report.versions.map(\.state) == ["running"] && report.procedures.isEmpty)
      let first = try #require(report.versions.first)
      #expect(first.version == 1 && first.path == old && first.procedures == 5 && first.code == 5)
      #expect(first.build?.count == 40 && first.since?.contains("T") == true)
      #expect(report.arenas?.text_used == 0 && (report.arenas?.text_free ?? 0) > 0)

      #expect(try await sandbox.ush("load", "pizza", new).status == 0)
      report = try await versions(sandbox)
      #expect(report.versions.map(\.state) == ["running", "loaded"])
      #expect(report.versions[1].build != first.build && report.versions[1].path == new)

      #expect(await program.prints("pizza 1 contains"))
      _ = try await program.update(to: new, "--wait", "0")
      report = try await versions(sandbox)
      #expect(report.version == 2 && report.versions.map(\.state) == ["running", "pending"])
      func state(_ name: String) -> Report.Procedure? {
        report.procedures.first { $0.procedure == name }
      }
      #expect(report.procedures.count == 4)
      #expect(state("do_pizza")?.state == "waiting" && state("do_pizza")?.frame == "do_pizza")
      #expect(state("do_pizza")?.tid == Int(program.process.pid))
      #expect(state("bake_pizza")?.state == "updated")
      let text = try await sandbox.ush("versions", "pizza")
      #expect(text.output.contains("do_pizza  waiting for thread"), "\(text.summary)")

      #expect(try await sandbox.ush("wait", "pizza", "20").status == 0)
      report = try await versions(sandbox)
      #expect(report.versions.map(\.state) == ["earlier", "running"])
      // main is the only procedure that did not change.
      #expect(report.versions.map(\.code) == [1, 4])
      #expect(report.versions[0].build == first.build && report.versions[0].since == first.since)
      #expect((report.arenas?.text_used ?? 0) > 0 && report.procedures.isEmpty)
    }
  }

  @Test func `a new pup knows the history of the program that it adopts`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old)
      _ = try await program.update(to: new)
      let before = try await versions(sandbox)
      signal(.kill, to: try #require(try await sandbox.status(of: "pizza").pup.pid))
      #expect(try await eventually { try await sandbox.status(of: "pizza").state == "lost" })
      let lost = try await sandbox.ush("versions", "pizza")
      #expect(lost.status == 1 && lost.hasOneErrorLine, "\(lost.summary)")
      #expect(try await sandbox.ush("attach", "pizza").status == 0)
      let after = try await versions(sandbox)
      #expect(after.versions.map(\.state) == ["earlier", "running"])
      #expect(after.versions.map(\.since) == before.versions.map(\.since))
      #expect(after.versions.map(\.path) == [old, new])
    }
  }
}
