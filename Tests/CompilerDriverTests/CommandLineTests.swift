import CompilerDriver
import TestSupport
import Testing

struct `The command line` {
  private func invocation(_ words: String..., flags: String = "") throws -> Invocation {
    try Invocation(words, environment: ["PUPCC_FLAGS": flags])
  }

  @Test(
    arguments: [
      (["-c", "a.c"], .objects), (["a.c"], .link), (["a.o", "-lm", "-o", "a"], .link),
      (["-S", "a.c"], .assembly), (["a.h"], .assembly), (["-E", "a.c"], .passThrough),
      (["-MM", "a.c"], .passThrough), (["--version"], .passThrough), ([], .passThrough),
      (["-v"], .passThrough), (["-v", "a.c"], .link), (["-shared", "a.o"], .linkUntouched),
      (["-r", "a.o"], .linkUntouched), (["-x", "c", "-"], .link), (["-o", "-c", "a.c"], .link),
    ] as [([String], Invocation.Mode)])
  func `is understood as gcc understands it`(words: [String], mode: Invocation.Mode) throws {
    #expect(try Invocation(words, environment: [:]).mode == mode)
  }

  @Test func `gives the words that belong to options to these options`() throws {
    let command = try invocation("-I", "b.c", "-o", "x.c", "-MF", "d.c", "-include", "i.h", "a.c")
      .command
    #expect(command.output == "x.c")
    #expect(command.argumentsWithSources.compactMap(\.1) == [SourceInput(path: "a.c")])
    #expect(
      command.words == ["-I", "b.c", "-o", "x.c", "-MF", "d.c", "-include", "i.h", "a.c"])
  }

  @Test func `takes the last output, joined to its option or not`() throws {
    #expect(try invocation("-oa", "-o", "b", "x.c").command.output == "b")
    #expect(try invocation("-o", "b", "x.c", "-oa").command.output == "a")
    #expect(try invocation("x.c").command.output == nil)
    #expect(try invocation("-oa", "x.c", "-o", "b").command.withoutOutput.words == ["x.c"])
  }

  @Test func `lets a language count from where it stands`() throws {
    let inputs = try invocation("a.txt", "-x", "c", "b.txt", "-xnone", "c.txt").inputs
    #expect(inputs.map(\.isC) == [false, true, false])
    #expect(inputs.map(\.isSource) == [false, true, false])
  }

  @Test func `keeps our options from gcc, wherever they stand`() throws {
    let given = try invocation("-O2", "--keep-calls", "a.c", "--arena=64K", "--companions")
    #expect(given.own.keepsCalls && given.own.writesCompanions)
    #expect(given.own.arenaByteCount == 65_536)
    #expect(given.command.words == ["-O2", "a.c"])
  }

  @Test func `is preceded by PUPCC_FLAGS, whose words may be quoted`() throws {
    let given = try invocation("a.c", flags: "--arena 8M -DTEXT='a b'  -O1")
    #expect(given.own.arenaByteCount == 8 << 20)
    #expect(given.command.words == ["-DTEXT=a b", "-O1", "a.c"])
  }

  @Test(arguments: [["--arena"], ["--arena", "x"], ["--arena=0"], ["--call-mode=sideways"]])
  func `is refused with status 2 when an option of ours is wrong`(words: [String]) {
    let failure = #expect(throws: DriverFailure.self) {
      try Invocation(words + ["a.c"], environment: [:])
    }
    #expect(failure?.exitStatus == 2)
    #expect(failure?.sentence?.contains(words[0].prefix(7)) == true)
  }

  @Test(arguments: [
    ("1", 4096), ("4096", 4096), ("4097", 8192), ("64K", 65_536), ("16m", 16 << 20),
    ("1G", 1 << 30),
  ])
  func `reads sizes and rounds them up to pages`(text: String, bytes: Int) throws {
    #expect(try OwnOptions.size(text, "--arena") == bytes)
  }

  @Test(arguments: ["", "K", "-1", "0", "1T", "2G", "99999999999999999999", "1.5M", "0x10"])
  func `refuses what is no size`(text: String) {
    #expect(throws: DriverFailure.self) { try OwnOptions.size(text, "--arena") }
  }

  @Test(arguments: [
    ("a b\n\tc  ", ["a", "b", "c"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a\\ b", ["a b"]),
    ("x'y z'w", ["xy zw"]), ("''", [""]), ("\"a\\\"b\"", ["a\"b"]), ("", []), ("\\\\", ["\\"]),
    ("'\"' \"'\"", ["\"", "'"]),
  ])
  func `splits the text of a response file as gcc does`(text: String, words: [String]) {
    #expect(ResponseFiles.split(text) == words)
  }

  @Test(
    arguments: [
      ([], true), (["-g"], false), (["-g3"], false), (["-ggdb"], false), (["-gdwarf-4"], false),
      (["-g", "-g0"], true), (["-g1"], true), (["-g0", "-g3"], false), (["-gno-column-info"], true),
    ] as [([String], Bool)])
  func `adds -g only where there would be too little`(words: [String], adds: Bool) throws {
    let flags = try Invocation(words + ["a.c"], environment: [:]).compileFlags
    #expect(flags.contains("-g") == adds)
    #expect(flags.contains("-flive-patching=inline-clone"))
  }

  @Test(arguments: [
    "-flto", "-flto=auto", "-fwhole-program", "-fipa-pta", "-fuse-ld=gold", "-gz", "-gsplit-dwarf",
  ])
  func `loses what cannot be had, with a note for each`(option: String) throws {
    let given = try invocation(option, "a.c")
    #expect(given.command.words == ["a.c"])
    #expect(given.notes.count == 1 && given.notes[0].hasPrefix("\(option) is dropped: "))
    #expect(given.unprepared == nil)
  }

  @Test func `takes the linker's wishes to strip out, however they are written`() throws {
    func wishes(_ words: String...) -> StripWishes {
      StripWishes(CompilerCommand(words).arguments)
    }
    let mixed = wishes("-Wl,-s,-z,now", "a.o", "-Xlinker", "-S")
    #expect(mixed.remaining.flatMap(\.words) == ["-Wl,-z,now", "a.o"])
    #expect(mixed.dropsSymbols && mixed.dropsDebug)
    #expect(wishes("-s").dropsDebug)
    let debug = wishes("-Wl,--strip-debug", "-Xlinker", "--as-needed")
    #expect(debug.dropsDebug && !debug.dropsSymbols)
    #expect(debug.remaining.flatMap(\.words) == ["-Xlinker", "--as-needed"])
  }
}
