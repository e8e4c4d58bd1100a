import TestSupport
import Testing

/// One shell, programs on several hosts.
@Suite(.timeLimit(.minutes(5))) struct ShellHostsTests {
  @Test func `one shell updates programs on two hosts and says which is which`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let hosts = try await SSHHosts(sandbox)
      try await hosts.add("web1")
      try await hosts.add("web2")
      defer { withExtendedLifetime(hosts) {} }
      let ush = try await Terminal(
        sandbox, "ush", named: "ush", rows: 100, environment: hosts.environment)
      #expect(await ush.waits(at: ">"))
      for host in ["web1", "web2"] {
        try await ush.type("program x@\(host)")
        try await ush.type("run \(old)")
        #expect(await ush.shows("Program x is now running", within: .seconds(20)))
        #expect(await ush.waits(at: ">"))
      }
      try await ush.type("program x")
      try await ush.type("connect web1")
      #expect(await ush.shows("Connected to pup for program x on host web1"))
      try await ush.type("update \(new)")
      #expect(await ush.shows("Program x update initiated successfully", within: .seconds(20)))
      #expect(await ush.shows("*** Program x@web1 updated to version 2 successfully ***"))
      try await ush.type("status")
      #expect(await ush.shows("x@web1: running, version 2"))
      try await ush.type("status x@web2")
      #expect(await ush.shows("x@web2: running, version 1"))
      try await ush.type("connect nowhere")
      #expect(await ush.shows("ush: no host is known as nowhere"))
      try await ush.type("stop x@web2")
      #expect(await ush.shows("*** Program x@web2 has ended with status 143 ***"))
    }
  }

  @Test func `a connection that is lost is found again`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let hosts = try await SSHHosts(sandbox)
      let web = try await hosts.add("web1")
      defer { withExtendedLifetime(hosts) {} }
      let ush = try await Terminal(
        sandbox, "ush", named: "ush", environment: hosts.environment)
      #expect(await ush.waits(at: ">"))
      try await ush.type("program x@web1")
      try await ush.type("run \(old)")
      #expect(await ush.shows("is now running", within: .seconds(20)))
      // The bridge of `run` may still be there, and that of the notices not yet.
      #expect(
        await eventually(within: .seconds(30)) {
          for bridge in web.bridges { signal(.kill, to: bridge.pid) }
          return await ush.shows("the connection to web1 was lost", within: .seconds(2))
        })
      #expect(await ush.shows("connected again"))
      try await ush.type("update \(new)")
      #expect(await ush.shows("updated to version 2 successfully ***", within: .seconds(20)))
    }
  }
}
