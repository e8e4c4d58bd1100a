import TestSupport
import Testing

/// Programs on other hosts, reached by ssh as an administrator would: real sshd, real keys.
@Suite(.timeLimit(.minutes(10))) struct RemoteTests {
  @Test func `every one-liner works on another host`() async throws {
    try await withHost { sandbox, hosts, web in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      func ush(_ arguments: String...) async throws -> Command.Outcome {
        try await sandbox.ush(arguments, environment: hosts.environment)
      }
      let run = try await ush("run", "pizza@web1", old)
      try #require(run.status == 0, "\(run.summary)")
      #expect(run.output.hasPrefix("pizza@web1: running, version 1\n"))
      let status = try await ush("status", "pizza@web1", "--json")
      #expect(status.output.contains(#""program":"pizza@web1""#), "\(status.summary)")
      #expect(status.output.contains(web.stateFolder))
      #expect(try await ush("status", "pizza").status == 3)
      let list = try await ush("list", "--host", "web1")
      #expect(list.output.contains("pizza@web1  running"), "\(list.summary)")
      let update = try await ush("update", "pizza", new, "--host", "web1")
      #expect(update.status == 0, "\(update.summary)")
      #expect(update.output.hasPrefix("pizza@web1: version 1 to 2"))
      #expect(
        try await eventually { try await ush("logs", "pizza@web1").output.contains("TC") })
      #expect(try await ush("wait", "pizza@web1").status == 0)
      #expect(try await ush("cancel", "pizza@web1").status == 1)
      let stop = try await ush("stop", "pizza@web1")
      #expect(stop.status == 0 && stop.output == "pizza@web1: ended, exit status 143\n")
      #expect(try await ush("logs", "pizza@web1").output.contains("TC pizza"))
      #expect(try await ush("status", "nobody@web1").errors.contains("named nobody@web1"))
      #expect(await eventually { web.bridges.isEmpty })
    }
  }

  @Test func `a program on another host can be looked into`() async throws {
    try await withHost { sandbox, hosts, _ in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      func ush(_ arguments: String...) async throws -> Command.Outcome {
        try await sandbox.ush(arguments, environment: hosts.environment)
      }
      try #require(try await ush("run", "pizza@web1", old).status == 0)
      let stack = try await ush("stack", "pizza@web1")
      #expect(stack.output.hasPrefix("pizza@web1: version 1, process "), "\(stack.summary)")
      // The version to compare with is a file of this machine.
      let free = try await ush("explain", "pizza@web1", "main", new)
      #expect(free.output.hasPrefix("main is the same in version 2"), "\(free.summary)")
      let graph = try await ush("graph", "pizza@web1", new)
      #expect(graph.output.hasPrefix("pizza@web1, version 1, compared with version 2\n"))
      let none = try await ush("explain", "pizza", "main", "--host", "web1")
      #expect(none.output.contains("ush explain pizza@web1 main FILE"), "\(none.summary)")
      #expect(try await ush("versions", "pizza@web1").output.contains("running"))
      let doctor = try await ush("doctor", "pizza@web1")
      #expect(doctor.status == 0 && doctor.output.contains("built by pupcc"), "\(doctor.summary)")
      #expect(!doctor.output.contains("trace-stop"))
      let elsewhere = try await ush("doctor", "--host", "web1")
      #expect(elsewhere.status == 2 && elsewhere.errors.contains("ssh web1 ush doctor"))
    }
  }

  @Test func `a changes file brings its maps and their headers along`() async throws {
    try await withHost { sandbox, hosts, _ in
      let (old, new) = try await bothVersions(of: Build("retyped", pupccFlags: ["--keep-calls"]))
      let program = try await sandbox.run(
        "retyped@web1", old, environment: hosts.environment)
      #expect(await program.goesOn())
      // A copy whose maps lie in another folder, and include a header from beside them.
      let fixture = "\(Surroundings.repository)/fixtures/retyped"
      let script = """
        mkdir -p wishes maps/more
        sed 's,^maps .*,maps ../maps/retyped.maps.c,' \(fixture)/retyped.changes > wishes/x.changes
        cp \(fixture)/retyped.maps.c maps/more/real.h
        echo '#include "more/real.h"' > maps/retyped.maps.c
        """
      let made = try await Command("/bin/sh", ["-ec", script], directory: sandbox.folder).run()
      #expect(made.status == 0, "\(made.summary)")
      let (outcome, report) = try await program.update(
        to: new, "--changes", "\(sandbox.folder)/wishes/x.changes",
        environment: hosts.environment)
      #expect(outcome.status == 0 && report.result == "updated", "\(outcome.summary)")
      #expect(await program.goesOn())
    }
  }

  @Test func `a broken changes file is refused under the name that it has here`() async throws {
    try await withHost { sandbox, hosts, _ in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      _ = try await sandbox.run("pizza@web1", old, environment: hosts.environment)
      let changes = "\(sandbox.folder)/x.changes"
      try write(Array("chnged f\n".utf8), to: changes)
      let outcome = try await sandbox.ush(
        "update", "pizza@web1", new, "--changes", changes, environment: hosts.environment)
      #expect(outcome.status == 2 && outcome.hasOneErrorLine, "\(outcome.summary)")
      #expect(outcome.errors.contains("\(changes):1"))
    }
  }

  @Test func `delta and object bring their executable along`() async throws {
    try await withHost { sandbox, hosts, _ in
      let build = Build("pizza", pupccFlags: ["--companions"])
      let (old, new) = try await bothVersions(of: build)
      _ = try await sandbox.run("pizza@web1", old, environment: hosts.environment)
      let load = try await sandbox.ush(
        "load", "pizza@web1", "\(new).delta", "\(new).pup.o", environment: hosts.environment)
      #expect(load.status == 0, "\(load.summary)")
      #expect(load.output.hasPrefix("pizza@web1: version 2 loaded"))
      let update = try await sandbox.ush(
        "update", "pizza@web1", "2", environment: hosts.environment)
      #expect(update.status == 0, "\(update.summary)")
    }
  }

  @Test func `a program whose pup died over there is adopted and ended`() async throws {
    try await withHost { sandbox, hosts, _ in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza@web1", old, environment: hosts.environment)
      func ush(_ arguments: String...) async throws -> Command.Outcome {
        try await sandbox.ush(arguments, environment: hosts.environment)
      }
      for round in ["attach", "stop"] {
        let pup = try #require(
          ProcessView.all(withEnvironment: "PUP_RUNTIME_DIR=\(sandbox.folder)/web1/run").first {
            contents(of: "/proc/\($0.pid)/comm") == "pup\n"
          })
        signal(.kill, to: pup.pid)
        #expect(
          try await eventually {
            try await ush("status", "pizza@web1").output.hasPrefix("pizza@web1: lost")
          })
        let lost = try await ush("update", "pizza@web1", new)
        #expect(lost.errors.contains("ush attach pizza@web1"), "\(lost.summary)")
        let outcome = try await ush(round, "pizza@web1")
        #expect(outcome.status == 0, "\(outcome.summary)")
        #expect(program.process.isAlive == (round == "attach"))
      }
    }
  }

  @Test func `one user works on two hosts, and two users on one program`() async throws {
    try await withHost { sandbox, hosts, web in
      try await hosts.add("web2")
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let one = try await sandbox.run("pizza@web1", old, environment: hosts.environment)
      let two = try await sandbox.run("pizza@web2", old, environment: hosts.environment)
      let here = try await sandbox.run("pizza", old)
      #expect(Set([one, two, here].map(\.process.pid)).count == 3)
      let watchers = try [0, 1].map { _ in
        try Command(
          Surroundings.tool("ush"), ["watch", "pizza@web1", "--json"],
          environment: sandbox.environment(adding: hosts.environment)
        ).start()
      }
      // Each is there before there is something to watch.
      #expect(await eventually { web.bridges.count == 2 })
      let environment = hosts.environment
      async let first = one.update(to: new, environment: environment)
      async let second = one.update(to: new, environment: environment)
      for (outcome, report) in [try await first, try await second] {
        #expect(outcome.status == 0 && report.to == 2, "\(outcome.summary)")
      }
      #expect(two.output.contains("TC") == false)
      #expect(
        await eventually {
          watchers.allSatisfy { $0.output.contains(#""kind":"completed""#) }
        })
      #expect(watchers[0].output.contains(#""program":"pizza@web1""#))
      #expect(watchers[0].output.contains("user 0 from 127.0.0.1 connects to pizza"))
    }
  }

  @Test func `output is followed until the program ends`() async throws {
    try await withHost { sandbox, hosts, _ in
      let (old, _) = try await bothVersions(of: Build("pizza"))
      let program = try await sandbox.run("pizza@web1", old, environment: hosts.environment)
      let follower = try Command(
        Surroundings.tool("ush"), ["logs", "-f", "pizza@web1"],
        environment: sandbox.environment(adding: hosts.environment)
      ).start()
      #expect(await eventually { follower.output.contains("pizza number 3") })
      signal(.terminate, to: program.process.pid)
      #expect(await eventually { !follower.isRunning })
      #expect(follower.output == program.output)
    }
  }
}

/// A sandbox with one host, `web1`.
private func withHost(
  _ body: (Sandbox, SSHHosts, SSHHost) async throws -> Void
) async throws {
  try await withSandbox { sandbox in
    let hosts = try await SSHHosts(sandbox)
    try await body(sandbox, hosts, try await hosts.add("web1"))
  }
}
