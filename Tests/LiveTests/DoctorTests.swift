import TestSupport
import Testing

/// `ush doctor` on this machine, and where something is really missing or forbidden.
@Suite(.timeLimit(.minutes(5))) struct DoctorTests {
  struct Report: Decodable {
    struct Finding: Decodable {
      var check: String
      var state: String
      var message: String
      var remedy: String?
    }
    struct Failure: Decodable { var code: String }
    var program: String?
    var findings: [Finding]
    var warnings: Int
    var problems: Int
    var error: Failure?

    func state(_ check: String) -> String? { findings.first { $0.check == check }?.state }
  }

  @Test func `finds this machine fit, having really traced a process`() async throws {
    try await withSandbox { sandbox in
      let outcome = try await sandbox.ush("doctor", "--json")
      let report: Report = try decode(from: outcome)
      #expect(outcome.status == 0 && report.problems == 0, "\(outcome.summary)")
      for check in [
        "kernel", "pup", "trace-start", "trace-stop", "trace-registers", "trace-read",
        "trace-write", "trace-release", "runtime-directory", "sockets", "mapper",
        "state-directory", "pupcc", "gcc", "ld", "as",
      ] { #expect(report.state(check) == "ok", "\(check): \(outcome.summary)") }
      #expect(["ok", "warning"].contains(report.state("breakpoint")))
      #expect(report.findings.allSatisfy { ($0.state == "ok") == ($0.remedy == nil) })
      let text = try await sandbox.ush("doctor")
      #expect(text.status == 0)
      #expect(
        text.output.split(separator: "\n").count >= report.findings.count, "\(text.summary)")
    }
  }

  /// Runs a program with a seccomp filter by which the system calls named fail with EPERM.
  private static let filter = """
    #include <stddef.h>
    #include <linux/filter.h>
    #include <linux/seccomp.h>
    #include <sys/prctl.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(int argc, char **argv) {
      struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FORBIDDEN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      };
      struct sock_fprog program = {sizeof code / sizeof code[0], code};
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program)) return 99;
      execv(argv[1], argv + 1);
      return 98;
    }
    """

  private func doctor(
    forbidding call: String, _ sandbox: Sandbox
  ) async throws -> (Command.Outcome, Report) {
    let source = "\(sandbox.folder)/filter.c"
    try write(Array(Self.filter.utf8), to: source)
    let built = try await Command(
      "/usr/bin/gcc", ["-DFORBIDDEN=\(call)", "-o", "filter", "filter.c"],
      directory: sandbox.folder
    ).run()
    try #require(built.status == 0, "\(built.summary)")
    let outcome = try await Command(
      "\(sandbox.folder)/filter", [Surroundings.tool("ush"), "doctor", "--json"],
      environment: sandbox.environment(), directory: sandbox.folder
    ).run()
    return (outcome, try decode(from: outcome))
  }

  @Test func `where ptrace is forbidden it says so, and what mends it`() async throws {
    try await withSandbox { sandbox in
      let (outcome, report) = try await doctor(forbidding: "SYS_ptrace", sandbox)
      #expect(outcome.status == 1 && outcome.hasOneErrorLine, "\(outcome.summary)")
      #expect(report.state("trace-start") == "ok" && report.state("trace-stop") == "problem")
      #expect(report.state("trace-write") == nil && report.state("confinement") == "problem")
      #expect(report.problems == 2 && report.error?.code == "problems")
      let remedy = report.findings.first { $0.check == "confinement" }?.remedy
      #expect(remedy?.contains("--cap-add=SYS_PTRACE") == true)
    }
  }

  @Test(arguments: [
    ("SYS_process_vm_readv", "trace-read"), ("SYS_perf_event_open", "breakpoint"),
  ])
  func `what has a substitute is a warning`(_ call: String, _ check: String) async throws {
    try await withSandbox { sandbox in
      let (outcome, report) = try await doctor(forbidding: call, sandbox)
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(report.state(check) == "warning" && report.state("trace-stop") == "ok")
      #expect(report.state("confinement") == "ok")
    }
  }

  @Test func `finds directories and tools that cannot be used`() async throws {
    try await withSandbox { sandbox in
      let file = "\(sandbox.folder)/file"
      try write([], to: file)
      let directory = try await sandbox.ush(
        "doctor", "--json", environment: ["PUP_RUNTIME_DIR": file])
      let first: Report = try decode(from: directory)
      #expect(directory.status == 1 && first.state("runtime-directory") == "problem")
      #expect(first.state("sockets") == nil && first.problems == 1)
      let tools = try await sandbox.ush(
        "doctor", "--json", environment: ["PUPCC_GCC": "/none/gcc"])
      let second: Report = try decode(from: tools)
      #expect(tools.status == 0 && second.state("gcc") == "warning", "\(tools.summary)")
      let alone = "\(sandbox.folder)/alone"
      try #require(try await Command("/bin/mkdir", [alone]).run().status == 0)
      try copy(Surroundings.tool("ush"), to: "\(alone)/ush")
      let lonely = try await Command(
        "\(alone)/ush", ["doctor", "--json"], environment: sandbox.environment()
      ).run()
      let third: Report = try decode(from: lonely)
      #expect(lonely.status == 1, "\(lonely.summary)")
      #expect(third.state("pup") == "problem" && third.state("pupcc") == "warning")
      #expect(third.state("trace-stop") == nil)
    }
  }

  @Test func `checks one program: its pup, what waits, and its room`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza", old, environment: ["PIZZA_MS": "900"])
      #expect(await program.prints("pizza number 1"))
      var report: Report = try decode(from: try await sandbox.ush("doctor", "pizza", "--json"))
      #expect(report.program == "pizza" && report.problems == 0)
      for check in ["pup-alive", "target", "prepared", "room-code", "room-data"] {
        #expect(report.state(check) == "ok", "\(check)")
      }
      _ = try await program.update(to: new, "--wait", "0")
      report = try decode(from: try await sandbox.ush("doctor", "pizza", "--json"))
      let pending = try #require(report.findings.first { $0.check == "pending" })
      #expect(pending.state == "warning" && pending.message.contains("do_pizza"))
      #expect(pending.remedy?.hasPrefix("ush explain pizza ") == true)
      #expect(try await sandbox.ush("cancel", "pizza").status == 0)

      signal(.kill, to: try #require(try await sandbox.status(of: "pizza").pup.pid))
      #expect(try await eventually { try await sandbox.status(of: "pizza").state == "lost" })
      let lost = try await sandbox.ush("doctor", "pizza", "--json")
      report = try decode(from: lost)
      #expect(lost.status == 1 && report.state("prepared") == "ok", "\(lost.summary)")
      let dead = try #require(report.findings.first { $0.check == "pup-alive" })
      #expect(dead.state == "problem" && dead.remedy == "ush attach pizza")
      #expect(try await sandbox.ush("doctor", "nobody").status == 3)
      #expect(await program.goesOn() && program.unchanged.tracer == 0)
    }
  }
}
