import Glibc
import TestSupport
import Testing
import Tracee
import VersionSpace

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
  /// Runs a shell script to its end; returns its status and what it printed.
  private func run(
    _ script: String, directory: String? = nil, newSession: Bool = false
  ) throws -> (status: Int?, output: String) {
    let folder = try temporaryFolder(named: "child")
    defer { removeFolder(folder) }
    let input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    let output = unsafe open("\(folder)/out", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer {
      close(input)
      close(output)
    }
    let child = try ChildProcess(
      executable: "/bin/sh", arguments: ["sh", "-c", script, "name", "a b"],
      environment: ["GREETING=good day"], directory: directory, input: input, output: output,
      newSession: newSession)
    ChildProcess.waitForEnd(of: child.pid)
    let status = ChildProcess.reap(child.pid)
    #expect(ChildProcess.reap(child.pid) == nil)
    return (status, contents(of: "\(folder)/out"))
  }

  @Test func `a child has the arguments, environment, directory and descriptors it was given`()
    throws
  {
    let (status, output) = try run(
      "read line; echo \"$0 $1 $GREETING $(pwd) [$line]\"; echo errors >&2; exit 3",
      directory: "/usr")
    #expect(status == 3)
    #expect(output == "name a b good day /usr []\nerrors\n")
  }

  @Test func `the end by a signal is 128 and its number`() throws {
    #expect(try run("kill -9 $$").status == 137)
  }

  @Test func `a child of a new session is its leader`() throws {
    let script = "read -r stat < /proc/self/stat; set -- $stat; echo $1 $5 $6"
    func fields(_ output: String) -> Set<Substring> { Set(output.split { $0.isWhitespace }) }
    #expect(fields(try run(script, newSession: true).output).count == 1)
    #expect(fields(try run(script).output).count > 1)
  }

  @Test(arguments: zip(["/no/such/program", "/etc/passwd", "/"], [ENOENT, EACCES, EACCES]))
  func `what cannot be executed is told with its reason`(path: String, reason: Int32) {
    #expect(throws: TraceeFailure.system(operation: .exec, code: reason)) {
      _ = try ChildProcess(
        executable: path, arguments: [path], environment: [], directory: nil, input: nil,
        output: nil, newSession: false)
    }
  }

  @Test func `a directory that does not exist is a failure`() {
    #expect(throws: TraceeFailure.system(operation: .exec, code: ENOENT)) {
      _ = try ChildProcess(
        executable: "/bin/true", arguments: ["true"], environment: [], directory: "/no/such",
        input: nil, output: nil, newSession: false)
    }
  }
}
