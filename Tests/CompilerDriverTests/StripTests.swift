import TestSupport
import Testing

/// What users do to programs and objects with strip and objcopy.
struct `After binutils` {
  private static let descriptions = [
    "strip prog", "strip -g prog", "objcopy --strip-unneeded prog", "objcopy prog",
    "objcopy --compress-debug-sections prog", "eu-strip -g prog",
    "objcopy --only-keep-debug prog prog.debug && strip prog"
      + " && objcopy --add-gnu-debuglink=prog.debug prog",
  ]

  @Test(arguments: descriptions)
  func `a program runs and can still be updated, as by`(line: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -O2 main.c twice.c -o prog && cp prog full && \(line)")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    // Loaded bytes, delta and embedded objects are what an update reads.
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
    let kept = try await shop.shell(
      "for section in .text .pup_table .data .pup_object .pup_delta; do for file in full prog; do"
        + " objcopy -O binary --set-section-flags $section=alloc --only-section=$section $file $file.bin"
        + " && cksum <$file.bin; done | uniq | wc -l; done")
    #expect(kept.output == "1\n1\n1\n1\n1\n", "\(kept.summary)")
    // Unwinders go by the address of the header, not by its place in the file.
    let header = try await shop.shell(
      "for file in full prog; do readelf -lW $file | awk '/GNU_EH_FRAME/{print $3}'; done | uniq | wc -l"
    )
    #expect(header.output == "1\n", "\(header.summary)")
  }

  @Test func `a debug file serves gdb`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -O2 main.c twice.c -o prog && objcopy --only-keep-debug prog prog.debug && strip prog"
        + " && objcopy --add-gnu-debuglink=prog.debug prog && gdb -nx -batch"
        + " -ex 'set debuginfod enabled off' -ex 'break twice.c:3' -ex run -ex bt ./prog 2>&1")
    #expect(outcome.output.contains("#0  twice (number=") && outcome.output.contains("main.c:5"))
  }

  @Test func `a program that lost its sections runs, and says what it lacks`() async throws {
    let shop = try Workshop(twoSources)
    #expect(try await shop.shell("$CC main.c twice.c -o prog && eu-strip prog").status == 0)
    try await expectFortyTwo(shop)
    let explained = try await shop.pupcc("--explain", "prog")
    #expect(explained.status == 2 && explained.hasOneErrorLine, "\(explained.summary)")
    #expect(explained.errors.contains("took out its .pup sections"), "\(explained.errors)")
  }

  @Test(arguments: [
    "objcopy", "objcopy --compress-debug-sections", "objcopy --weaken-symbol=twice",
  ])
  func `an object is as good as before`(line: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -c main.c twice.c && \(line) twice.o && $CC *.o -o prog")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.summary)")
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main", "twice"])
  }

  @Test(arguments: ["strip -g", "objcopy --strip-unneeded"])
  func `an object without debug information is linked, and told`(line: String) async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell(
      "$CC -c main.c twice.c && \(line) twice.o && $CC *.o -o prog")
    #expect(outcome.status == 0 && outcome.hasOneErrorLine, "\(outcome.summary)")
    #expect(
      outcome.errors.hasPrefix(
        "pupcc: note: prog: twice.c: no debug information: its procedures cannot be updated"))
    try await expectFortyTwo(shop)
    #expect(try await shop.procedures(of: "prog") == ["main"])
  }

  @Test func `objects that all lack it make gcc's own program`() async throws {
    let shop = try Workshop(twoSources)
    let outcome = try await shop.shell("$CC -c main.c twice.c && strip -g *.o && $CC *.o -o prog")
    #expect(outcome.status == 0 && outcome.hasOneErrorLine, "\(outcome.summary)")
    #expect(outcome.errors.contains("no debug information (stripped before the link?)"))
    try await expectFortyTwo(shop)
    #expect(!(try await shop.shell("nm prog").output.contains("__pup_descriptor")))
  }
}
