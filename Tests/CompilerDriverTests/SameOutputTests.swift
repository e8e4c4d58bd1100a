import Foundation
import TestSupport
import Testing

/// Programs that are prepared and never updated, held against gcc's of the same sources.
struct `A prepared program that is never updated` {
  private static let levels = ["-O0", "-O2", "-O3 -fPIC", "-Os -static", "-O2 --keep-calls"]

  /// Puts `plain` and `prog` into a workshop, both built in it from fixtures, by the same names.
  private func built(_ sources: [String], _ flags: String) async throws -> Workshop {
    let shop = try Workshop()
    let fixtures = "\(Surroundings.repository)/fixtures"
    try FileManager.default.createSymbolicLink(
      atPath: shop.path("fixtures"), withDestinationPath: fixtures)
    let files = sources.map { "fixtures/\($0)" }.joined(separator: " ")
    let plain = flags.replacingOccurrences(of: "--keep-calls", with: "")
    let outcome = try await shop.shell(
      "export SOURCE_DATE_EPOCH=1; gcc \(plain) -pthread \(files) -lm -o plain & "
        + "$CC \(flags) -pthread \(files) -lm -o prog && wait $!")
    try #require(outcome.status == 0, "\(outcome.summary)")
    return shop
  }

  /// Runs both as `./same`, since a program may print its own name.
  private func expectSame(_ shop: Workshop, _ arguments: [String]) async throws {
    var outcomes: [Command.Outcome] = []
    for name in ["plain", "prog"] {
      #expect(try await shop.shell("ln -sf \(name) same").status == 0)
      outcomes.append(try await shop.run("./same", arguments))
    }
    #expect(!outcomes[0].output.isEmpty)
    #expect(outcomes[0].output == outcomes[1].output && outcomes[0].errors == outcomes[1].errors)
    #expect(outcomes[0].status == outcomes[1].status)
  }

  @Test(arguments: levels)
  func `prints and returns what the plain one does, from start to end`(flags: String) async throws {
    let calc = try await built(
      ["calc/main.c", "calc/lex.c", "calc/parse.c"].map { "oracle/" + $0 }, flags)
    try await expectSame(calc, [])
    try await expectSame(calc, ["1/0", "sqrt(2)", "y = 2 ^ 10", "(((1"])
    try await expectSame(calc, Array(repeating: "?", count: 12))
    let grid = try await built(["grid", "main", "rules"].map { "oracle/grid/\($0).c" }, flags)
    try await expectSame(grid, [])
    let till = try await built(
      ["articles", "main", "receipts"].map { "oracle/till/\($0).c" }, flags)
    try await expectSame(till, [])
    try await expectSame(till, ["verbose"])
  }

  /// Fixtures that run for ever and always say the same at first.
  private static let endless = [
    ("cleanup", "-O1 -static"), ("large", "-O2"), ("limit", "-O1 -static"), ("mproc-crash", "-O2"),
    ("mproc-loop", "-O1 -static"), ("retyped", "-O2"), ("signature", "-O1 -static"),
    ("signature-pointer", "-O2"), ("thread-data", "-O2"), ("thread-data", "-O1 -static"),
    ("waits", "-O1 -static"),
  ]

  @Test(arguments: endless)
  func `begins as the plain one does`(fixture: String, flags: String) async throws {
    try await expectSameBeginning(try await built(["\(fixture)/v1.c"], flags), flags)
  }

  @Test(arguments: ["-O2", "-O2 -static"])
  func `begins as the plain one does, with all the zoo in it`(flags: String) async throws {
    let shop = try Workshop()
    let outcome = try await shop.shell(
      """
      for name in plain prog; do cp -r \(Surroundings.repository)/fixtures/zoo $name.zoo; done
      make -s -C plain.zoo CC=gcc CFLAGS='\(flags)' && make -s -C prog.zoo CC=$CC CFLAGS='\(flags)' &&
        ln -s plain.zoo/zoo plain && ln -s prog.zoo/zoo prog
      """)
    try #require(outcome.status == 0, "\(outcome.summary)")
    try await expectSameBeginning(shop, flags)
  }

  private func expectSameBeginning(_ shop: Workshop, _ flags: String) async throws {
    let outcome = try await shop.shell(
      "for name in plain prog; do timeout 20 ./$name 2>&1 | head -n 8 >$name.out & done; wait"
        + "; test -s plain.out && cmp plain.out prog.out")
    #expect(outcome.status == 0, "\(flags): \(outcome.summary)\n\(shop.text("prog.out"))")
  }
}
