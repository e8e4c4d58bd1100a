import ELFFile
import ObjectModel
import Relinking
import TestSupport
import Testing
import VersionSpace

@Suite struct EmbeddingTests {
  private static let first = """
    #include <stdio.h>
    int second(int);
    static int counter = 3;
    int dropped(int x) { return x * 77; }
    int main(void) { printf("%d\\n", second(counter)); return 0; }
    """
  private static let second = """
    static const char *const words[] = {"zero", "one"};
    static int zeroed[10];
    int unused(void) { return zeroed[1]; }
    int second(int x) { return x + words[zeroed[2]][0]; }
    """

  private static func stamp(_ path: String) -> ObjectStamp {
    ObjectStamp(
      producer: "test", path: path, directory: "/src", date: "Jan  1 2024", time: "01:02:03")
  }

  /// What `pupcc` adds to a rewritten object.
  private func embedded(_ text: String, _ file: String) async throws -> [UInt8] {
    var object = try await RewrittenSource(text).rewritten.object
    _ = object.append(
      Section(
        name: PreparedName.objectNote, type: .note, flags: [], alignment: 4,
        contents: Self.stamp(file).note))
    let copy = EmbeddedCopy(of: object)
    let bytes = try ELFWriter.bytes(of: copy.object, name: file)
    let identity = ObjectIdentity(of: bytes)
    _ = object.append(
      Section(
        name: PreparedName.embeddedObject, type: .progbits, flags: [], alignment: 8,
        contents: EmbeddedObjects.section(
          identity: identity, byteCount: bytes.count, compressed: Compression.deflate(bytes))))
    Placements.append(to: &object, copy: copy, identity: identity)
    return try ELFWriter.bytes(of: object, name: file)
  }

  private func contents(_ program: ELFProgram, _ name: String) throws -> [UInt8] {
    program.contents(of: try #require(program.section(named: name)))
  }

  @Test(arguments: [[], ["-no-pie"], ["-static"]])
  func `a program tells its objects and where each section went`(_ flags: [String]) async throws {
    let objects = [
      try await embedded(Self.first, "first.c"), try await embedded(Self.second, "second.c"),
    ]
    let program = try ELFProgram(
      try await linked(objects, flags: flags + ["-Wl,--gc-sections"]), name: "program")
    let entries = try EmbeddedObjects.parse(try contents(program, PreparedName.embeddedObject))
    let placements = try Placements.parse(try contents(program, PreparedName.placements))
    #expect(entries.count == 2)
    var placed: Set<String> = []
    for entry in entries {
      let object = try ELFReader.object(
        try Compression.inflate(
          entry.compressed, expectedByteCount: entry.byteCount, file: "program"), name: "program")
      for (id, address) in try #require(placements[entry.identity]) {
        placed.insert(object[id].name)
        try expectSame(object[id], in: program, at: address)
      }
      #expect(!object.sections.contains { $0.name.hasPrefix(".debug_") })
    }
    let wanted: Set = [
      ".text.startup.main", ".text.second", ".pup_table.second", ".text.pup_trampoline.second",
      ".bss.zeroed",
    ]
    #expect(placed.isSuperset(of: wanted))
    #expect(placed.isDisjoint(with: [".text.dropped", ".text.unused", ".pup_table.unused"]))
  }

  /// The linked section has the object's bytes, except where they are relocated.
  private func expectSame(
    _ section: Section, in program: ELFProgram, at address: LinkAddress
  ) throws {
    guard section.type != .nobits else {
      let bss = try #require(program.section(named: ".bss"))
      #expect(address.rawValue >= bss.address && address.rawValue < bss.address + bss.byteCount)
      return
    }
    let home = try #require(
      program.sections.first {
        $0.flags.contains(.allocated) && $0.type != 8 && $0.address <= address.rawValue
          && address.rawValue < $0.address + $0.byteCount
      })
    let start = Int(address.rawValue - home.address)
    let bytes = program.contents(of: home)[start..<(start + section.byteCount)]
    var differing = Set(
      zip(bytes, section.contents).enumerated().filter { $0.element.0 != $0.element.1 }
        .map(\.offset))
    for relocation in section.relocations {
      // The linker may relax the two bytes in front of a GOT operand.
      let field = Int(relocation.offset)
      let size = try #require(relocation.type.fieldByteCount)
      for byte in (relocation.type.isThroughGOT ? field - 3 : field)..<(field + size) {
        differing.remove(byte)
      }
    }
    #expect(differing.isEmpty, "\(section.name)")
  }

  @Test func `an object that is read back has the ids of its copy`() async throws {
    let object = try await RewrittenSource(Self.second).rewritten.object
    let copy = EmbeddedCopy(of: object)
    let bytes = try ELFWriter.bytes(of: copy.object, name: "copy")
    let read = try ELFReader.object(bytes, name: "copy")
    #expect(
      read.sections
        == copy.object.sections.map { section in
          var section = section
          section.relocations = section.relocations.map { relocation in
            var relocation = relocation
            relocation.symbol = relocation.symbol.flatMap { id in
              read.symbols.firstIndex { $0 == copy.object[id] }.map(SymbolID.init(rawValue:))
            }
            return relocation
          }
          return section
        })
    #expect(ObjectIdentity(of: bytes) != ObjectIdentity(of: bytes + [0]))
  }

  @Test func `a stamp is read back from its note`() throws {
    let stamp = Self.stamp("a.c")
    #expect(try ObjectStamp(note: stamp.note) == stamp)
    for count in 0..<(stamp.note.count - 4) {
      #expect(throws: EmbeddingFailure.malformed(PreparedName.objectNote)) {
        try ObjectStamp(note: Array(stamp.note.prefix(count)))
      }
    }
  }

  @Test func `refuses damaged sections`() async throws {
    let identity = ObjectIdentity(of: [1, 2, 3])
    let one = EmbeddedObjects.section(identity: identity, byteCount: 9, compressed: [5, 6, 7])
    #expect(one.count % 8 == 0)
    let entries = try EmbeddedObjects.parse(one + [UInt8](repeating: 0, count: 16) + one)
    #expect(entries.count == 2)
    for entry in entries {
      #expect(entry.identity == identity && entry.byteCount == 9 && entry.compressed == [5, 6, 7])
    }
    for count in 8..<one.count {
      #expect(throws: EmbeddingFailure.malformed(PreparedName.embeddedObject)) {
        try EmbeddedObjects.parse(Array(one.prefix(count)))
      }
    }
    let bytes = try await embedded(Self.second, "second.c")
    let object = try ELFReader.object(bytes, name: "x")
    let table = object[try #require(object.section(named: PreparedName.placements))].contents
    for count in 8..<table.count {
      #expect(throws: EmbeddingFailure.malformed(PreparedName.placements)) {
        try Placements.parse(Array(table.prefix(count)))
      }
    }
    for place in table.indices {
      var damaged = table
      damaged[place] ^= 0xFF
      _ = try? Placements.parse(damaged)
    }
  }
}
