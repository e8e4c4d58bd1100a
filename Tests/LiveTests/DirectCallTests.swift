import Foundation
import TestSupport
import Testing

/// Call mode `direct`: calls go straight to a procedure until it is first replaced, and again once
/// its first body is back.
@Suite(.timeLimit(.minutes(5))) struct DirectCallTests {
  /// A program of three procedures; `extra` is there only if `factor` is not 0.
  private func source(_ factor: Int, add: Int = 1) -> String {
    let extra = factor == 0 ? "" : "APART int extra(int n) { return n * \(factor); }"
    let call = factor == 0 ? "" : "n = extra(n);"
    return """
      \(extra)
      APART int add(int n) { return n + \(add); }
      APART int forward(int n) { return add(n); }
      APART void turn(void) {
        int n = forward(4);
        \(call)
        printf("made %d\\n", n);
        fflush(stdout);
      }
      int main(void) {
        for (;;) {
          turn();
          nap(5);
        }
      }
      """
  }

  /// Where the direct branches of a file's code lead, as objdump names the place.
  private func branchTargets(_ path: String) async throws -> [String] {
    let outcome = try await Command(
      "/usr/bin/objdump", ["-d", "--no-show-raw-insn", path]
    ).run()
    #expect(outcome.status == 0)
    return outcome.output.split(separator: "\n").compactMap { line in
      guard line.contains("call ") || line.contains("jmp ") else { return nil }
      return line.split(separator: "<").last.map { String($0.dropLast()) }
    }
  }

  /// The executable mapping of the program's own file: as the process sees it, and as the file has it.
  private func code(of program: LiveProgram, _ path: String) throws -> (memory: Data, file: Data) {
    let maps = try String(contentsOfFile: "/proc/\(program.process.pid)/maps", encoding: .utf8)
    let line = try #require(
      maps.split(separator: "\n").first { $0.contains("r-xp") && $0.hasSuffix(path) })
    let fields = line.split(separator: " ", omittingEmptySubsequences: true)
    let ends = fields[0].split(separator: "-").map { UInt64($0, radix: 16) ?? 0 }
    let offset = try #require(UInt64(fields[2], radix: 16))
    func bytes(_ path: String, _ start: UInt64) throws -> Data {
      let handle = try #require(FileHandle(forReadingAtPath: path))
      try handle.seek(toOffset: start)
      return try handle.read(upToCount: Int(ends[1] - ends[0])) ?? Data()
    }
    return (try bytes("/proc/\(program.process.pid)/mem", ends[0]), try bytes(path, offset))
  }

  @Test func `no call goes through the table before the first update`() async throws {
    try await withSandbox { sandbox in
      let direct = try await SmallProgram.build(
        "direct", source(2), flags: ["--call-mode=direct", "-O2"], in: sandbox)
      let table = try await SmallProgram.build(
        "table", source(2), flags: ["--call-mode=table", "-O2"], in: sandbox)
      let names = ["add", "forward", "turn", "extra", "nap"]
      let directTargets = Set(try await branchTargets(direct))
      let tableTargets = Set(try await branchTargets(table))
      #expect(directTargets.isDisjoint(with: names), "\(directTargets)")
      #expect(directTargets.isSuperset(of: names.map { $0 + ".pup_body" }), "\(directTargets)")
      #expect(tableTargets.isSuperset(of: names), "\(tableTargets)")
    }
  }

  @Test func `calls are direct again when the first body is back`() async throws {
    try await withSandbox { sandbox in
      let flags = ["--call-mode=direct", "-O2"]
      let old = try await SmallProgram.build("old", source(2), flags: flags, in: sandbox)
      let new = try await SmallProgram.build("new", source(2, add: 10), flags: flags, in: sandbox)
      let program = try await sandbox.run("calls", old)
      #expect(await program.prints("made 10\n"))
      let first = try code(of: program, old)
      #expect(first.memory == first.file)
      for _ in 1...2 {
        let (there, _) = try await program.update(to: new)
        #expect(there.status == 0, "\(there.summary)")
        #expect(await program.prints("made 28\n", after: program.printed))
        let during = try code(of: program, old)
        #expect(during.memory != during.file)
        let (back, _) = try await program.update(to: old)
        #expect(back.status == 0, "\(back.summary)")
        #expect(await program.prints("made 10\n", after: program.printed))
        let after = try code(of: program, old)
        #expect(after.memory == after.file)
      }
    }
  }

  /// `turn` comes back as it was in version 1, with its direct call of `extra`, which is another one.
  @Test func `a first body that comes back calls the new version of what it calls`() async throws {
    try await withSandbox { sandbox in
      let flags = ["--call-mode=direct", "-O2"]
      var built: [Int: String] = [:]
      for factor in [2, 0, 3] {
        built[factor] = try await SmallProgram.build(
          "factor\(factor)", source(factor), flags: flags, in: sandbox)
      }
      let program = try await sandbox.run("calls", try #require(built[2]))
      #expect(await program.prints("made 10\n"))
      for (factor, made) in [(0, 5), (3, 15), (0, 5), (2, 10), (3, 15)] {
        let (outcome, _) = try await program.update(to: try #require(built[factor]))
        #expect(outcome.status == 0, "\(outcome.summary)")
        let updated = program.printed
        #expect(await program.prints("made \(made)\n", after: updated))
        #expect(await program.prints("made \(made)\n", after: program.printed))
        let lines = program.output.dropFirst(updated).split(separator: "\n").dropFirst().dropLast()
        #expect(lines.allSatisfy { $0 == "made \(made)" }, "\(lines)")
      }
    }
  }
}
