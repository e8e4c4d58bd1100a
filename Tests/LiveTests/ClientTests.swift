import Glibc
import TestSupport
import Testing

/// Programs that are not ours, as clients of pup and pupmapper: the Varlink library for Python.
@Suite(.timeLimit(.minutes(5))) struct ClientTests {
  private static let scripts = "\(Surroundings.repository)/Tests/LiveTests/Clients"
  private static let packages = "\(Surroundings.repository)/.build/python"

  /// Runs a script with the library, as the user `uid`.
  private func python(
    _ script: String, _ arguments: [String], in folder: String, uid: Int? = nil
  ) async throws -> Command.Outcome {
    try #require(
      unsafe access("\(Self.packages)/varlink", F_OK) == 0, "scripts/setup installs the client")
    var environment = Surroundings.environment
    environment["PYTHONPATH"] = "\(folder)/packages:\(folder)/clients"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    // Where another user can read them too.
    let copies = try await Command(
      "/bin/sh",
      [
        "-ec",
        "cp -rT '\(Self.packages)' packages; cp -rT '\(Self.scripts)' clients; "
          + "chmod -R a+rX packages clients",
      ], directory: folder
    ).run()
    try #require(copies.status == 0, "\(copies.summary)")
    let words = ["/usr/bin/python3", "clients/\(script)"] + arguments
    let prefix =
      uid.map { ["/usr/bin/setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups", "--"] }
      ?? []
    let all = prefix + words
    return try await Command(
      all[0], Array(all.dropFirst()), environment: environment, directory: folder
    ).run()
  }

  private func startPup(_ sandbox: Sandbox) async throws -> StartedCommand {
    let pup = try Command(
      Surroundings.tool("pup"), ["pizza"], environment: sandbox.environment()
    ).start()
    let record = "\(sandbox.runtimeFolder)/programs/pizza.json"
    #expect(await eventually { contents(of: record).contains(#""state":"live""#) })
    return pup
  }

  @Test func `a foreign client runs a program, updates it and watches its events`() async throws {
    try await withSandbox { sandbox in
      let (old, new) = try await bothVersions(of: Build("pizza"))
      let pup = try await startPup(sandbox)
      let outcome = try await python(
        "drive.py", [sandbox.runtimeFolder, "pizza", old, new], in: sandbox.folder)
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(outcome.output == "driven\n")
      #expect(await eventually { !pup.isRunning })
    }
  }

  @Test(arguments: ["pup", "mapper"])
  func `a foreign client of another user is refused in the standard's way`(
    _ service: String
  ) async throws {
    try #require(geteuid() == 0, "needs root, to become another user")
    try await withSandbox { sandbox in
      let pup = try await startPup(sandbox)
      // Only the kernel's word on who calls is left between the stranger and the program.
      #expect(unsafe chmod(sandbox.folder, 0o755) == 0)
      #expect(unsafe chmod(sandbox.runtimeFolder, 0o755) == 0)
      let socket = "\(sandbox.runtimeFolder)/\(service == "pup" ? "pizza" : "mapper").socket"
      let interface = "org.podus.\(service)"
      let description = "\(sandbox.folder)/description"
      let fetched = try await python(
        "describe.py", [socket, interface, description], in: sandbox.folder)
      #expect(fetched.status == 0, "\(fetched.summary)")
      let outcome = try await python(
        "stranger.py", [socket, interface, description], in: sandbox.folder, uid: 65534)
      #expect(outcome.status == 0, "\(outcome.summary)")
      #expect(outcome.output == "user 65534 may not use the programs of this user\n")
      #expect(pup.isRunning)
    }
  }
}
