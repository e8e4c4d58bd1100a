import Foundation
import TestSupport
import Testing

struct `A compile by pupcc` {
  @Test(arguments: [
    "-MD main.c twice.c -o prog", "-MMD main.c twice.c", "-MMD -MF x.d main.c twice.c -o prog",
    "-MMD -MF x.d main.c", "-MD -MT target -MP main.c twice.c -o sub/prog.bin", "-MD -c main.c",
    "-MMD -c main.c -o sub/other.o", "-MMD -MQ 'a$b' -MFx.d -c main.c",
    "-MD -fstack-usage main.c twice.c -o sub/p.exe", "-fstack-usage main.c twice.c",
  ])
  func `leaves the files beside its output that gcc leaves`(words: String) async throws {
    let shop = try Workshop(twoSources)
    func files(_ compiler: String) async throws -> String {
      // main.c alone does not link, with either; its files are there all the same.
      try await shop.shell(
        "rm -rf sub *.d *.su; mkdir sub; \(compiler) \(words) 2>/dev/null;"
          + " for f in $(find . -name '*.d' -o -name '*.su' | sort); do echo \"$f:\"; "
          + "case $f in *.su) cut -f1 $f;; *) cat $f;; esac; done"
      ).output
    }
    let expected = try await files("gcc")
    #expect(!expected.isEmpty)
    #expect(try await files("$CC") == expected)
  }

  @Test(arguments: [
    "-c bad.c", "bad.c -o prog", "-c bad.c good.c bad2.c", "bad.c bad2.c -o prog", "-S bad.c",
    "-c missing.c", "-Wall -Wextra -O2 -c odd.c", "-Wall -Werror -O2 odd.c", "-c good.c -o no/x.o",
    "-fno-such-option -c good.c", "-x nonsense good.c", "-c", "-o",
  ])
  func `says what gcc says, and ends as it ends`(words: String) async throws {
    let shop = try Workshop([
      "bad.c": "int main(void) { return y }\n", "bad2.c": "#include \"none.h\"\nint x = ;\n",
      "good.c": "int main(void) { return 0; }\n",
      "odd.c": "int main(int count, char **words) { int i; if (count = 2) return i; }\n",
    ])
    let expected = try await shop.shell("gcc \(words)")
    let outcome = try await shop.shell("$CC \(words)")
    #expect(outcome.errors == expected.errors)
    #expect(outcome.status == expected.status)
    #expect(!expected.errors.isEmpty)
  }

  @Test func `prepares the objects beside one that could not be made`() async throws {
    let shop = try Workshop(twoSources)
    try shop.add("bad.c", "int bad(void) { return y }\n")
    #expect(try await shop.pupcc("-c", "main.c", "bad.c", "twice.c").status == 1)
    #expect(!shop.exists("bad.o"))
    let outcome = try await shop.pupcc("main.o", "twice.o", "-o", "prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test func `ends with the linker's status, and leaves no program, when the link fails`()
    async throws
  {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.pupcc("main.c", "-o", "prog")
    #expect(outcome.status == 1 && outcome.errors.contains("undefined reference to `twice'"))
    #expect(!shop.exists("prog"))
    #expect(!outcome.errors.contains("pupcc:"))
  }

  @Test func `writes assembly and preprocessed text`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -S main.c && grep -q main: main.s && $CC -E main.c -o a.i && gcc -E main.c -o b.i"
        + " && cmp a.i b.i && $CC -c a.i && $CC -c twice.c && $CC a.o twice.o -o prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    try await expectFortyTwo(shop)
  }

  @Test func `makes a precompiled header, and uses it`() async throws {
    let shop = try Workshop(twoSources)
    let made = try await shop.pupcc("-O2", "twice.h")
    #expect(made.status == 0 && shop.exists("twice.h.gch"), "\(made.summary)")
    let used = try await shop.pupcc("-O2", "-Winvalid-pch", "-H", "-c", "twice.c")
    #expect(used.status == 0 && used.errors.hasPrefix("! twice.h.gch"), "\(used.summary)")
  }

  @Test func `answers questions as gcc does`() async throws {
    let shop = try Workshop()
    let words = "-dumpmachine -dumpversion --version -print-file-name=libc.so.6 -print-prog-name=ld"
    for word in words.split(separator: " ").map(String.init) {
      let outcome = try await shop.pupcc(word)
      #expect(outcome.output == (try await shop.gcc(word).output) && outcome.status == 0)
    }
  }

  @Test func `takes options from PUPCC_FLAGS, and another gcc from PUPCC_GCC`() async throws {
    let shop = try Workshop(["a.c": "int main(void) { return NUMBER; }\n"])
    let flags = ["PUPCC_FLAGS": "-DNUMBER='(4 + 1)' --companions"]
    #expect(try await shop.pupcc("a.c", "-o", "prog", with: flags).status == 0)
    #expect(try await shop.run("./prog").status == 5)
    #expect(shop.exists("prog.delta"))
    let missing = try await shop.pupcc("-c", "a.c", with: ["PUPCC_GCC": "no-such-compiler"])
    #expect(missing.status == 127 && missing.hasOneErrorLine, "\(missing.summary)")
  }

  /// The gcc of this test prints what it was given, and compiles.
  @Test(arguments: [[], ["--keep-calls"], ["-g3"]])
  func `prints the options that it gives to gcc`(own: [String]) async throws {
    let shop = try Workshop([
      "a.c": "int a;\n", "gcc.sh": "#!/bin/sh\nprintf '<%s>' \"$@\" >given\nexec gcc \"$@\"\n",
    ])
    let printed = try await shop.run(Workshop.pupcc, own + ["--print-flags"])
    #expect(printed.status == 0 && printed.output.hasSuffix("\n"), "\(printed.summary)")
    try #require(try await shop.run("chmod", ["+x", "gcc.sh"]).status == 0)
    let compiled = try await shop.run(
      Workshop.pupcc, own + ["-c", "a.c"], with: ["PUPCC_GCC": shop.path("gcc.sh")])
    #expect(compiled.status == 0, "\(compiled.summary)")
    let given = own.filter { $0 != "--keep-calls" } + ["-c", "a.c"]
    let words = given + printed.output.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(shop.text("given") == words.map { "<\($0)>" }.joined())
  }
}
