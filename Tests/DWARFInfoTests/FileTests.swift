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

  @Test func `lists a unit of another language without contents`() async throws {
    let compiled = try await Compiled(
      ["main.c": Self.source, "other.s": ".text\n.globl other\nother: ret\n"], ["-O1"])
    #expect(compiled.info.units.count == 2)
    let other = try #require(compiled.info.units.first { $0.path == "other.s" })
    #expect(other.procedures.isEmpty && other.data.isEmpty)
  }
}
