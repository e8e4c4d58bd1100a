import TestSupport
import Testing

/// `ush stack`: what a stop shows of real stacks.
@Suite(.timeLimit(.minutes(5))) struct StackViewTests {
  struct Report: Decodable {
    struct Thread: Decodable {
      var tid: Int
      var name: String
      var frames: [Frame]
      var omitted: Int
      var not_safe: String?
    }
    struct Frame: Decodable {
      var kind: String
      var count: Int
      var procedure: String?
      var symbol: String?
      var inlined: String?
      var version: Int?
      var old: Bool
      var resident: Bool
      var file: String?
      var line: Int?
      var object: String?
    }
    var program: String
    var pid: Int
    var version: Int
    var pause_us: Int
    var threads: [Thread]
  }

  private func stack(of name: String, _ sandbox: Sandbox) async throws -> Report {
    try decode(from: try await sandbox.ush("stack", name, "--json"))
  }

  @Test func `shows procedures with their lines, and the library that the thread sleeps in`()
    async throws
  {
    try await withSandbox { sandbox in
      let (old, _) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "3000"])
      #expect(await program.prints("pizza number 1"))
      let report = try await stack(of: "pizza", sandbox)
      #expect(report.program == "pizza" && report.version == 1 && report.pause_us > 0)
      #expect(report.pid == Int(program.process.pid))
      let thread = try #require(report.threads.first)
      #expect(report.threads.count == 1 && thread.tid == report.pid && thread.not_safe == nil)
      #expect(thread.name == "pizza1" && thread.omitted == 0)
      let own = thread.frames.filter { $0.kind == "procedure" }
      #expect(own.map(\.procedure) == ["set_oven_temp", "do_pizza", "main"])
      #expect(own.map(\.resident) == [false, false, true])
      #expect(own.allSatisfy { $0.version == 1 && !$0.old })
      // What is inlined there comes from a header, so that a line would be one of another file.
      #expect(own[0].inlined == "device_work" && own[0].line == nil)
      #expect(own[1].file == "pizza1.c" && own[1].line == 17)
      let first = try #require(thread.frames.first)
      #expect(first.kind == "library" && first.symbol == "clock_nanosleep")
      #expect(first.object?.contains("libc.so") == true)
      #expect(thread.frames.last?.kind == "program" && thread.frames.last?.symbol == "_start")
      let text = try await sandbox.ush("stack", "pizza")
      #expect(text.output.contains("do_pizza  at pizza1.c:17  version 1"), "\(text.summary)")
      #expect(text.output.contains("version 1, resident"), "\(text.summary)")
      #expect(program.unchanged.tracer == 0)
    }
  }

  @Test func `shows all threads, and a recursion as one line`() async throws {
    try await withSandbox { sandbox in
      let (old, _) = try await bothVersions(of: Build("held"))
      let program = try await sandbox.run("held", old, environment: ["HOLD_MS": "2000"])
      var report = try await stack(of: "held", sandbox)
      #expect(
        try await eventually {
          report = try await stack(of: "held", sandbox)
          return report.threads.count == 9
            && report.threads.allSatisfy { $0.frames.contains { $0.resident } }
        })
      let residents = report.threads.map { thread in
        thread.frames.filter(\.resident).map(\.procedure)
      }
      #expect(residents.filter { $0 == ["thread_main"] }.count == 8)
      #expect(
        try await eventually {
          let first = try await stack(of: "held", sandbox).threads[0].frames
          return first.contains { $0.procedure == "descend" && $0.count > 900 }
        })
      #expect(await program.goesOn())
    }
  }

  @Test func `marks the gate of an update that waits, and old code that is not called any more`()
    async throws
  {
    try await withSandbox { sandbox in
      func source(_ version: Int) -> String {
        """
        APART void work(void) { nap(\(version == 1 ? 1500 : 20)); printf("work \(version)\\n"); }
        int main(void) {
          setvbuf(stdout, NULL, _IOLBF, 0);
          for (;;) { work(); nap(\(version)); }
        }
        """
      }
      let old = try await SmallProgram.build("one", source(1), in: sandbox)
      let new = try await SmallProgram.build("two", source(2), in: sandbox)
      let program = try await sandbox.run("small", old)
      #expect(
        try await eventually {
          let frames = try await stack(of: "small", sandbox).threads.first?.frames
          return frames?.contains { $0.procedure == "work" } ?? false
        })
      _ = try await program.update(to: new, "--wait", "0")
      let waiting = try await stack(of: "small", sandbox)
      #expect(waiting.version == 2)
      #expect(waiting.threads[0].frames.contains { $0.kind == "gate" })
      #expect(try await sandbox.ush("wait", "small", "10").status == 0)
      #expect(await program.prints("work 2"))
      let after = try await stack(of: "small", sandbox)
      let frames = after.threads[0].frames
      #expect(frames.last { $0.procedure == "main" }?.old == true)
      #expect(frames.last { $0.procedure == "main" }?.version == 1)
      #expect(frames.filter { $0.procedure == "work" }.allSatisfy { $0.version == 2 && !$0.old })
      #expect(!frames.contains { $0.kind == "gate" })
    }
  }

  @Test func `says where a stack cannot be walked`() async throws {
    try await withSandbox { sandbox in
      // push %rbp; call *%rdi; pop %rbp; ret: code in no file, without unwind information.
      let source = """
        APART void inner(void) { for (;;) { nap(50); printf("inside\\n"); } }
        int main(void) {
          setvbuf(stdout, NULL, _IOLBF, 0);
          unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          memcpy(code, "\\x55\\xff\\xd7\\x5d\\xc3", 5);
          mprotect(code, 4096, PROT_READ | PROT_EXEC);
          ((void (*)(void (*)(void)))code)(inner);
        }
        """
      let program = try await sandbox.run(
        "jit", try await SmallProgram.build("jit", source, in: sandbox))
      #expect(await program.prints("inside"))
      let thread = try #require(try await stack(of: "jit", sandbox).threads.first)
      #expect(thread.not_safe?.contains("the code is in no file") == true)
      #expect(thread.frames.last?.kind == "unknown")
      #expect(!thread.frames.contains { $0.procedure == "main" || $0.resident })
      let text = try await sandbox.ush("stack", "jit")
      #expect(text.output.contains("not safe: the code is in no file"), "\(text.summary)")
    }
  }

  @Test func `a program that has ended has no stacks`() async throws {
    try await withSandbox { sandbox in
      let (old, _) = try await bothVersions(of: Build("pizza"))
      _ = try await sandbox.run("pizza", old)
      _ = try await sandbox.ush("stop", "pizza")
      let outcome = try await sandbox.ush("stack", "pizza")
      #expect(outcome.status == 1 && outcome.hasOneErrorLine, "\(outcome.summary)")
      #expect(try await sandbox.ush("stack", "nobody").status == 3)
    }
  }
}
