import TestSupport
import Testing

/// `ush explain`: why a procedure of a real program can or cannot be updated now.
@Suite(.timeLimit(.minutes(5))) struct ExplainTests {
  struct Report: Decodable {
    struct Hold: Decodable {
      var kind: String
      var path: [String]
      var tid: Int?
      var frame: Int?
      var reason: String?
    }
    var procedure: String
    var verdict: String
    var from: Int
    var to: Int?
    var pending: Bool
    var because: [Hold]
    var headline: String
    var reasons: [String]
    var advice: [String]
    var pause_us: Int
  }

  /// A thread is in `wait_oven` nearly all of the time; main never calls `bake`.
  private static let source = """
    static struct account { long total; long moves; } account;
    static int limit = 3;
    APART int wait_oven(int n) { nap(2500); printf("oven 1\\n"); return n; }
    APART int heat(int n) { return wait_oven(n) + 1; }
    APART int bake(int n) { printf("bake 1\\n"); return heat(n) + 2; }
    APART void deposit(void) { account.total += 35; account.moves++; }
    APART void show(void) { printf("%ld %d\\n", account.total, limit); }
    APART int area(int w) { return w * w; }
    int (*stored)(int) = area;
    static inline __attribute__((always_inline)) int turn(int n) { return n * 3 + 1; }
    static void *worker(void *p) { for (;;) wait_oven(1); return p; }
    int main(int argc, char **argv) {
      pthread_t t;
      setvbuf(stdout, NULL, _IOLBF, 0);
      pthread_create(&t, NULL, worker, NULL);
      for (;;) {
        nap(20);
        if (argc > 5) bake(2);
        deposit();
        show();
        printf("%d %d\\n", stored(3), turn(argc));
      }
    }
    """

  /// The program with each of `edits`, text for text.
  private func version(
    _ name: String, _ edits: [(String, String)], in sandbox: Sandbox
  ) async throws -> String {
    var text = Self.source
    for (old, new) in edits {
      #expect(text.contains(old))
      text = text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
    return try await SmallProgram.build(name, text, in: sandbox)
  }

  private static let recipe = [
    ("oven 1", "oven 2"), ("bake 1", "bake 2"), ("limit);", "limit + 1);"),
  ]

  private func start(_ sandbox: Sandbox) async throws -> LiveProgram {
    let program = try await sandbox.run(
      "small", try await version("one", [], in: sandbox))
    #expect(
      try await eventually {
        try await sandbox.ush("stack", "small").output.contains("wait_oven")
      })
    return program
  }

  private func explain(_ words: String..., in sandbox: Sandbox) async throws -> Report {
    try decode(from: try await sandbox.ush(["explain", "small"] + words + ["--json"]))
  }

  @Test func `shows the shortest way to what is running, before and during the update`()
    async throws
  {
    try await withSandbox { sandbox in
      let program = try await start(sandbox)
      let new = try await version("two", Self.recipe, in: sandbox)
      var bake = try await explain("bake", new, in: sandbox)
      #expect(bake.verdict == "waits" && !bake.pending && bake.to == 2 && bake.pause_us > 0)
      #expect(bake.because.map(\.kind) == ["reaches", "active"])
      #expect(bake.because[0].path == ["bake", "heat", "wait_oven"])
      let thread = try #require(bake.because[1].tid)
      #expect(thread != Int(program.process.pid))
      #expect(
        bake.reasons[0].contains(
          "bake → heat → wait_oven, which is active in thread \(thread) (frame "))
      #expect(try await explain("show", new, in: sandbox).verdict == "free")
      #expect(try await explain("heat", new, in: sandbox).verdict == "unchanged")
      // Nothing was begun.
      #expect(try await sandbox.status(of: "small").version == 1)
      #expect(try await explain("bake", in: sandbox).verdict == "none")

      let (_, report) = try await program.update(to: new, "--wait", "0")
      #expect(report.result == "waiting")
      bake = try await explain("bake", in: sandbox)
      #expect(bake.verdict == "waits" && bake.pending)
      #expect(bake.because[0].path == ["bake", "heat", "wait_oven"])
      #expect(bake.advice[0].hasPrefix("ush wait small"))
      #expect(try await explain("show", in: sandbox).verdict == "updated")
      #expect(try await explain("bake", new, in: sandbox).pending)
      let other = try await version("three", [("+= 35", "+= 36")], in: sandbox)
      let busy = try await sandbox.ush("explain", "small", "bake", other)
      #expect(busy.status == 1 && busy.hasOneErrorLine, "\(busy.summary)")
      #expect(try await sandbox.ush("wait", "small", "20").status == 0)
      #expect(await program.prints("oven 2"))
      #expect(!program.output.contains("BAD") && program.unchanged.tracer == 0)
    }
  }

  @Test func `says which group holds it, and for which datum`() async throws {
    try await withSandbox { sandbox in
      _ = try await start(sandbox)
      let new = try await version(
        "two",
        [("limit = 3", "limit = 4"), ("nap(2500);", "nap(2500 + limit);"), ("+= 35", "+= limit")],
        in: sandbox)
      let shared = try await explain("deposit", new, in: sandbox)
      #expect(shared.verdict == "waits" && shared.because.map(\.kind) == ["grouped", "active"])
      #expect(shared.because[0].path == ["deposit", "wait_oven"])
      #expect(shared.because[0].reason == "limit")
      #expect(shared.advice.contains { $0.contains("`harmless limit`") })
      let changes = "\(sandbox.folder)/together.changes"
      try write(Array("together deposit wait_oven\nchanged deposit\n".utf8), to: changes)
      let recipe = try await version("three", Self.recipe, in: sandbox)
      let deposit = try await explain("deposit", recipe, "--changes", changes, in: sandbox)
      #expect(deposit.verdict == "waits")
      #expect(deposit.because.map(\.kind) == ["grouped", "active"])
      #expect(deposit.because[0].path == ["deposit", "wait_oven"])
      #expect(deposit.because[0].reason == "together, line 1")
      #expect(deposit.advice.contains { $0.contains("--no-groups") })
    }
  }

  @Test func `says which constraint refuses the update, and whom it concerns`() async throws {
    try await withSandbox { sandbox in
      _ = try await start(sandbox)
      let moved = try await version("two", [("long moves;", "int cents; long moves;")], in: sandbox)
      let deposit = try await explain("deposit", moved, in: sandbox)
      #expect(deposit.verdict == "refused")
      #expect(
        deposit.reasons.contains {
          $0.hasPrefix("because of deposit: ") && $0.contains("‘account’")
        })
      let bake = try await explain("bake", moved, in: sandbox)
      #expect(bake.verdict == "refused" && bake.reasons[0] == "bake itself does not change")
      #expect(bake.reasons[1].hasPrefix("because of others: "))

      let signature = try await version(
        "three",
        [
          ("int area(int w) { return w * w; }", "int area(int w, int h) { return w * h; }"),
          ("(*stored)(int)", "(*stored)(int, int)"), ("stored(3)", "stored(3, 4)"),
        ], in: sandbox)
      let area = try await explain("area", signature, in: sandbox)
      #expect(area.verdict == "refused")
      #expect(
        area.reasons.contains {
          $0.hasPrefix("because of area: ") && $0.contains("its address may be stored")
        })
    }
  }

  @Test func `tells residents, and what lives only inside of one`() async throws {
    try await withSandbox { sandbox in
      _ = try await start(sandbox)
      let new = try await version("two", [("n * 3", "n * 5")], in: sandbox)
      let main = try await explain("main", new, in: sandbox)
      #expect(main.verdict == "refused", "\(main)")
      #expect(main.headline.contains("into which turn is inlined"), "\(main)")
      let turn = try await explain("turn", new, in: sandbox)
      #expect(turn.verdict == "inlined" && turn.headline.hasSuffix("inlined into main"))
      #expect(turn.advice.contains { $0.contains("--keep-calls") })
    }
  }

  @Test func `a name that there is not gets the nearest one and exit status 2`() async throws {
    try await withSandbox { sandbox in
      let program = try await start(sandbox)
      let wrong = try await sandbox.ush("explain", "small", "depsoit")
      #expect(wrong.status == 2 && wrong.hasOneErrorLine, "\(wrong.summary)")
      #expect(wrong.errors.contains("did you mean deposit?"))
      #expect(try await sandbox.ush("explain", "small", "bake", "/none").status == 2)
      let same = try await explain("bake", "\(sandbox.folder)/one/one", in: sandbox)
      #expect(same.verdict == "already")
      let text = try await sandbox.ush("explain", "small", "bake")
      #expect(text.output.contains("no update of small is pending"), "\(text.summary)")
      #expect(program.unchanged.tracer == 0)
    }
  }
}
