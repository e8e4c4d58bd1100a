import TestSupport

/// A C file with most of what objects hold, and its objects.
enum Samples {
  static let source = """
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    int common_datum;
    static int counter;
    static __thread int per_thread = 3;
    const char *const names[] = {"zero", "one", "two", "three"};
    __attribute__((weak)) int weak_one(int n) { return n + 1; }
    int other_name(int n) __attribute__((alias("weak_one")));
    __attribute__((visibility("hidden"))) int hidden(int n) { return n * 2; }
    static int twice(int n) { return hidden(n) + counter++; }
    int (*const table[])(int) = {twice, weak_one, hidden};
    __attribute__((constructor)) static void begin(void) { counter = 5; }
    __attribute__((cold, noinline)) static void fail(const char *why) { puts(why); exit(3); }
    static int choose(int n) {
      switch (n) {
      case 0: return 10;
      case 1: return table[0](n);
      case 2: return 31;
      case 3: return other_name(4);
      case 4: return (int)strlen(names[2]);
      case 5: fail("five");
      }
      return -1;
    }
    int main(int count, char **arguments) {
      for (int i = 0; i < 5; i++) printf("%d %s %d\\n", i, names[i & 3], choose(i) + per_thread);
      return common_datum + count - 1;
    }
    """

  static let output = "0 zero 13\n1 one 10\n2 two 34\n3 three 8\n4 zero 6\n"

  /// Compiles the source in a new folder, which the caller removes.
  static func object(_ flags: [String]) async throws -> (folder: String, path: String) {
    let folder = try temporaryFolder(named: "elf")
    try write(Array(source.utf8), to: "\(folder)/a.c")
    try await gcc(flags + ["-c", "a.c", "-o", "a.o"], in: folder)
    return (folder, "\(folder)/a.o")
  }

  static func gcc(_ arguments: [String], in folder: String) async throws {
    let outcome = try await Command("/usr/bin/gcc", ["-w"] + arguments, directory: folder)
      .runInTurn()
    guard outcome.status == 0 else {
      throw LiveFailure.cannotBuild(fixture: "a.c", log: outcome.summary)
    }
  }
}
