import TestSupport
import Testing

/// A C program that a test writes out itself, since its behaviour is of use to that test alone.
struct SmallProgram {
  /// What every such program begins with; `nap` sleeps for that many milliseconds.
  private static let head = """
    #include <pthread.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <unistd.h>
    #define APART __attribute__((noinline))
    APART void nap(int ms) { usleep(ms * 1000); }

    """

  /// Builds the executable `name`, from `source` behind the common head, in a folder of its own.
  ///
  /// The source file is always called `small.c`, as in versions of one program.
  ///
  /// - Returns: the executable's path.
  static func build(
    _ name: String, _ source: String, flags: [String] = ["-O1"], in sandbox: Sandbox
  ) async throws -> String {
    let folder = "\(sandbox.folder)/\(name)"
    try #require(try await Command("/bin/mkdir", ["-p", folder]).run().status == 0)
    try write(Array((head + source).utf8), to: "\(folder)/small.c")
    let outcome = try await Command(
      Surroundings.tool("pupcc"), flags + ["-pthread", "-o", name, "small.c"], directory: folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
    return "\(folder)/\(name)"
  }
}
