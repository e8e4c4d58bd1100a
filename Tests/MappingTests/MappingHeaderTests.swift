import TestSupport
import Testing

/// What the header declares, judged by gcc.
@Suite(.timeLimit(.minutes(5))) struct MappingHeaderTests {
  static let zoo = ["zoo.h": Zoo.header, "zoo.c": Zoo.main, "other.c": Zoo.other]

  @Test(arguments: ["-O0", "-O2"])
  func `a type of every kind compiles alone and beside the system's headers`(
    _ level: String
  ) async throws {
    let system = ["stdio", "stdlib", "pthread", "signal", "sys/stat", "netinet/in", "sys/wait"]
      .map { "#include <\($0).h>\n" }.joined()
    try await HeaderFiles.with(Self.zoo, flags: [level]) { files in
      for dialect in ["-std=gnu17", "-std=c11", "-std=gnu2x"] {
        try await files.compile("#include \"maps.h\"\n#include \"maps.h\"\nint x;\n", dialect)
        try await files.compile("#include \"maps.h\"\n" + system, dialect)
        try await files.compile(system + "#include \"maps.h\"\n", dialect)
      }
    }
  }

  /// The header checks itself against what the debug information says; here gcc is asked as well.
  @Test func `sizes and places are those of the program`() async throws {
    let types = ["ops", "tree", "node", "holder", "bits", "wire"]
    func sizes(_ prefix: String) -> String {
      types.map { "char size_\($0)[sizeof(struct \(prefix)\($0))];\n" }.joined()
    }
    try await HeaderFiles.with(Self.zoo) { files in
      for (prefix, version) in [("old_", ""), ("new_", "#define V2\n")] {
        try await files.compile("#include \"maps.h\"\n" + sizes(prefix), as: "ours")
        try await files.compile(version + "#include \"zoo.h\"\n" + sizes(""), as: "theirs")
        let ours = try await files.sizes(in: "ours.o")
        let theirs = try await files.sizes(in: "theirs.o")
        #expect(ours == theirs && ours.count == types.count)
      }
      for check in [
        "sizeof(struct line) == 64", "struct aligned, i) == 16", "struct halfpacked, s) == 6",
        "struct new_wire, more) == 9", "struct old_tree, b) == 10", "struct vec, v) == 16",
        "struct flex, data) == 5",
      ] {
        #expect(files.header.contains(check), "\(check)")
      }
    }
  }

  @Test func `bit-fields lie where the program has them`() async throws {
    let fields = [
      "bits": ["a", "b", "c", "d", "e", "f", "g", "h", "i"],
      "wire": ["kind", "length", "id", "flag", "check", "more"],
    ]
    func setters(_ name: String, _ type: (String) -> String) -> String {
      fields.map { tag, members in
        members.map { member in
          """
          void \(name)_\(tag)_\(member)(void *at) {
            ((\(type(tag)) *)at)->\(member) = -1;
          }

          """
        }.joined()
      }.joined()
    }
    let calls = fields.flatMap { tag, members in members.map { "CHECK(\(tag)_\($0))" } }
      .joined(separator: " ")
    try await HeaderFiles.with(Self.zoo) { files in
      try files.write(
        "#define V2\n#include \"zoo.h\"\n" + setters("theirs") { "struct \($0)" }, to: "theirs.c")
      try files.write(
        "#include \"maps.h\"\n" + setters("ours") { "struct new_\($0)" }, to: "ours.c")
      try files.write(
        """
        #include <string.h>
        #define CHECK(field) { \\
          void theirs_##field(void *); void ours_##field(void *); \\
          char a[64] = {0}, b[64] = {0}, none[64] = {0}; \\
          theirs_##field(a); ours_##field(b); \\
          if (memcmp(a, b, 64) != 0 || memcmp(a, none, 64) == 0) return 1; }
        int main(void) { \(calls) return 0; }

        """, to: "check.c")
      try await files.run("/usr/bin/gcc", ["-w", "theirs.c", "ours.c", "check.c", "-o", "check"])
      try await files.run("\(files.folder)/check", [])
    }
  }

  @Test func `what is alike has one name and what differs two`() async throws {
    try await HeaderFiles.with(Self.zoo) { files in
      let text = files.header
      for line in [
        "extern const struct old_account_t old_account;",
        "extern struct new_account_t new_account;",
        "extern const struct line old_line;", "extern struct line new_line;",
        "extern const struct old_stats old_stats;",
        "extern const struct walk__deep old_walk__deep;",
        "extern const int old_zoo_c__common_name;", "extern const int old_other_c__common_name;",
        "extern struct old_node *const old_seen;", "extern struct tree new_elsewhere;",
        "void mproc_data_account(void);", "void mproc_data_zoo_c__common_name(void);",
        "void mproc_walk(void);",
        "int old_walk(struct old_tree *);",
        "extern const char *const old_texts[2];", "enum color {",
      ] {
        #expect(text.contains("\n\(line)\n"), "\(line)")
      }
      for absent in ["old_mine", "limits", "old_other(", "struct old_line", "enum old_color"] {
        #expect(!text.contains(absent), "\(absent)")
      }
    }
  }

  @Test func `an enumeration that grew stays one and one that was renumbered becomes two`()
    async throws
  {
    let source = """
      #ifdef V2
      enum grown { G1, G2, G3 } grown; enum moved { M0, M1 } moved;
      #else
      enum grown { G1, G2 } grown; enum moved { M1 } moved;
      #endif
      struct holds { enum moved moved; } *holds;
      int main(void) { return grown + moved + (holds != 0); }
      """
    try await HeaderFiles.with(["prog.c": source]) { files in
      try await files.compile(
        """
        #include "maps.h"
        void mproc_data_moved(void) {
          new_grown = old_grown == G1 ? G3 : G2;
          new_moved = old_moved == old_M1 ? new_M1 : new_M0;
          new_holds->moved = (enum new_moved)old_holds->moved;
        }
        """)
    }
  }

  @Test func `a procedure with another signature has two prototypes and an interprocedure`()
    async throws
  {
    let source = """
      #ifdef V2
      __attribute__((noinline)) int area(int a, int b) { return a * b; }
      int main(int c, char **v) { return area(c, c + 1); }
      #else
      __attribute__((noinline)) int area(int a) { return a * a; }
      int main(int c, char **v) { return area(c); }
      #endif
      """
    try await HeaderFiles.with(["prog.c": source]) { files in
      try await files.compile(
        """
        #include "maps.h"
        int iproc_area(int a) { return new_area(a, a); }
        """)
      #expect(files.header.contains("int old_area(int);\nint iproc_area(int);\n"))
    }
  }

  @Test func `data that the linker dropped are not declared`() async throws {
    let source = """
      int dropped = 1;
      int used(void) { return dropped; }
      int kept = 2;
      int main(void) { return kept; }
      """
    try await HeaderFiles.with(["prog.c": source], flags: ["-O2", "-Wl,--gc-sections"]) { files in
      #expect(files.header.contains("new_kept;"))
      #expect(!files.header.contains("dropped"))
    }
  }
}
