import DWARFInfo
import TestSupport
import Testing
import TypeModel

@Suite struct FileTests {
  private static let source = """
    struct list { struct list *next; int value; } head;
    static int add(int a, int b) { static int count; count++; return a + b; }
    int main(void) { return add(head.value, 2); }
    """
  /// Has procedures in more than one range and variables in more than one place.
  private static let split = """
    void abort(void);
    __attribute__((noinline)) int cold(int a) {
      for (int i = 0; i < a; i++) {
        int twice = a * 2;
        if (__builtin_expect(twice == 77, 0)) abort();
        a += add(twice, i);
      }
      return a;
    }
    """

  @Test func `says when there is no debug information or no file`() async throws {
    let folder = try temporaryFolder(named: "dwarf")
    defer { removeFolder(folder) }
    try await Compiled.build(["main.c": Self.source], ["-s"], in: folder)
    let path = "\(folder)/main"
    #expect(throws: DWARFFailure.missing(file: path)) { try DWARFReader.read(path: path) }
    try write(Array("no program\n".utf8), to: "\(folder)/text")
    for name in ["text", "nothing"] {
      #expect(throws: DWARFFailure.self) { try DWARFReader.read(path: "\(folder)/\(name)") }
    }
  }

  @Test func `survives a file that ends too early`() async throws {
    let folder = try temporaryFolder(named: "dwarf")
    defer { removeFolder(folder) }
    try await Compiled.build(["main.c": Self.source], ["-O1"], in: folder)
    let whole = bytes(of: "\(folder)/main")
    for step in 0..<40 {
      let path = "\(folder)/cut"
      try write(Array(whole.prefix(whole.count * step / 40)), to: path)
      #expect(throws: DWARFFailure.self) { try DWARFReader.read(path: path) }
    }
  }

  /// Each byte of the list tables changed in turn; those that are let through do no harm.
  @Test(arguments: [".debug_rnglists", ".debug_loclists"])
  func `survives list tables that were damaged`(section: String) async throws {
    let folder = try temporaryFolder(named: "dwarf")
    defer { removeFolder(folder) }
    try await Compiled.build(["main.c": Self.source + Self.split], ["-O2"], in: folder)
    let whole = bytes(of: "\(folder)/main")
    _ = try await Command(
      "/usr/bin/objcopy", ["--dump-section", "\(section)=table", "main"], directory: folder
    ).run()
    let table = bytes(of: "\(folder)/table")
    let place = try #require(whole.firstRange(of: table)).lowerBound
    try ListTables.check(table, section: section, file: "main")
    var refused = 0
    for offset in 0..<min(table.count, 64) {
      for value: UInt8 in [0, 1, 0x7F, 0xFF] where table[offset] != value {
        var damaged = table
        damaged[offset] = value
        do throws(DWARFFailure) {
          try ListTables.check(damaged, section: section, file: "main")
        } catch {
          refused += 1
          continue
        }
        var file = whole
        file.replaceSubrange(place..<(place + table.count), with: damaged)
        try write(file, to: "\(folder)/damaged")
        _ = try? DWARFReader.read(path: "\(folder)/damaged")
      }
    }
    #expect(refused >= 20)
  }

  @Test func `lists a unit of another language without contents`() async throws {
    let compiled = try await Compiled(
      ["main.c": Self.source, "other.s": ".text\n.globl other\nother: ret\n"], ["-O1"])
    #expect(compiled.info.units.count == 2)
    let other = try #require(compiled.info.units.first { $0.path == "other.s" })
    #expect(other.procedures.isEmpty && other.data.isEmpty)
  }
}
