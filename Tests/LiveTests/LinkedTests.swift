import TestSupport
import Testing

/// What the link puts into a program beside the C that pupcc compiled.
@Suite(.timeLimit(.minutes(10))) struct LinkedTests {
  /// A program that goes on saying which version of three procedures runs.
  private static let rounds = """
    APART static void first(void) { printf("first %d\\n", VERSION); }
    APART static void second(void) { printf("second %d\\n", VERSION); }
    int main(void) {
      setvbuf(stdout, NULL, _IOLBF, 0);
      for (;;) {
        first();
        second();
        show();
        nap(5);
      }
    }

    """

  /// Builds and runs version 1 and expects an update to version 2 to be refused with `words`.
  ///
  /// `source` defines `show`, which prints "shown N"; `VERSION` is defined. The build of a version,
  /// with its `flags`, finds `files` in its folder, where the shell line `setup` has run.
  private func refuses(
    _ source: String, words: [String], files: [(name: String, text: (Int) -> String)] = [],
    setup: String = "true", flags: (Int) -> [String] = { _ in [] }
  ) async throws {
    try await withSandbox { sandbox in
      var programs: [String] = []
      for version in 1...2 {
        let folder = "\(sandbox.folder)/v\(version)"
        try #require(try await Command("/bin/mkdir", ["-p", folder]).run().status == 0)
        for file in files {
          try write(Array(file.text(version).utf8), to: "\(folder)/\(file.name)")
        }
        let made = try await Command("/bin/sh", ["-c", setup], directory: folder).run()
        try #require(made.status == 0, "\(made.summary)")
        programs.append(
          try await SmallProgram.build(
            "v\(version)", source + Self.rounds,
            flags: ["-O1", "-DVERSION=\(version)"]
              + flags(version), in: sandbox))
      }
      let program = try await sandbox.run("small", programs[0])
      #expect(await program.prints("shown"))
      let outcome = try await sandbox.ush("update", "small", programs[1])
      #expect(outcome.status == 1 && outcome.hasOneErrorLine, "\(outcome.summary)")
      for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
      #expect(await program.goesOn())
      #expect(!program.output.contains("first 2"))
    }
  }

  /// A set of which the linker says where it begins and ends.
  private func set(_ elements: String) -> String {
    """
    #define ELEMENT(NAME, VALUE)                                                                \\
      static const long NAME __attribute__((section("things"), used)) = VALUE;
    \(elements)
    extern const long __start_things[], __stop_things[];
    APART static void show(void) {
      printf("shown %d, %ld in %d\\n", (int)(__stop_things - __start_things), *__start_things,
             VERSION);
    }

    """
  }

  @Test(arguments: [
    "ELEMENT(one, 1)\n#if VERSION == 2\nELEMENT(two, 2)\n#endif",
    "ELEMENT(one, 1)\n#if VERSION == 1\nELEMENT(two, 2)\n#endif",
    "ELEMENT(one, VERSION)",
  ])
  func `a linker's set of which an element is new, gone or another`(elements: String) async throws {
    try await refuses(set(elements), words: ["small.c:", "the section things", "__start_things"])
  }

  private static let use = """
    int number(void);
    APART static void show(void) { printf("shown %d\\n", number() + VERSION); }

    """
  private func assembly(_ version: Int) -> String {
    """
    \t.globl number
    \t.type number, @function
    number:\tmov $\(version), %eax
    \tret
    \t.size number, .-number
    \t.section .note.GNU-stack,"",@progbits

    """
  }

  @Test func `another procedure in assembly, which an update would not bring`() async throws {
    try await refuses(
      Self.use, words: ["number.S: differs", "only what pupcc compiles"],
      files: [("number.S", assembly)]
    ) { _ in ["number.S"] }
  }

  @Test(arguments: ["rcs", "rcsT"])
  func `another procedure of an archive that gcc made, of kind`(kind: String) async throws {
    try await refuses(
      Self.use, words: ["libnumber.a(number.o): differs"], files: [("number.S", assembly)],
      setup: "gcc -c number.S && ar \(kind) libnumber.a number.o"
    ) { _ in ["-Wl,--whole-archive", "libnumber.a", "-Wl,--no-whole-archive"] }
  }

  @Test func `a procedure that was in C and now is in an object of gcc's`() async throws {
    try await refuses(
      "#if VERSION == 1\nint number(void);\nint number(void) { return 1; }\n#endif\n" + Self.use,
      words: ["number.S: is not in"], files: [("number.S", assembly)]
    ) { $0 == 1 ? [] : ["number.S"] }
  }

  @Test func `an address that --defsym computes`() async throws {
    try await refuses(
      """
      extern char computed[];
      long kept[4];
      APART static void show(void) { printf("shown %d %p\\n", VERSION, computed); }

      """, words: ["computed, which --defsym gives a number or an expression"]
    ) { ["-Wl,--defsym=computed=kept+\($0 * 8)"] }
  }

  @Test func `a new procedure that libraries have from elsewhere`() async throws {
    try await refuses(
      """
      #if VERSION == 2
      static char pool[1 << 20];
      static size_t used;
      void *malloc(size_t size) { used += size; return pool + used - size; }
      void free(void *block) {}
      #endif
      APART static void show(void) {
        char *volatile copy = strdup("text");
        printf("shown %d\\n", VERSION);
        free(copy);
      }

      """, words: ["small.c: ‘malloc’ is new"]
    ) { _ in ["-w"] }
  }

  @Test func `thread-local data of a library`() async throws {
    try await refuses(
      """
      extern __thread int number;
      APART static void show(void) { printf("shown %d\\n", number++ + VERSION); }

      """, words: ["show refers to thread-local number"],
      files: [("lib.c", { _ in "__thread int number = 3;\n" })],
      setup: "gcc -shared -fPIC lib.c -o libnumber.so"
    ) { _ in ["-Wl,--no-as-needed", "libnumber.so", "-Wl,-rpath,$ORIGIN"] }
  }
}
