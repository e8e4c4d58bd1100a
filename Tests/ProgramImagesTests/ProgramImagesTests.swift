import ELFFile
import Foundation
import ProgramImages
import Relinking
import TestSupport
import Testing
import VersionSpace

struct `The image of a program` {
  @Test func `is the same in the program and in its companion object`() async throws {
    let program = try await PreparedProgram.shared.path
    let image = try ProgramImages.read(program)
    #expect(image.delta.procedures.map(\.name) == ["main", "twice"])
    #expect(image.objects.count == 1)
    #expect(try ProgramImages.read(program + ".pup.o") == image)
    #expect(try ProgramImages.buildID(ofDelta: program + ".delta") == image.delta.buildID.rawValue)
    #expect(try ELFProgram(atPath: program).buildID == image.delta.buildID.rawValue)
  }

  @Test func `is in a stripped program too`() async throws {
    let program = try await PreparedProgram.shared.path
    let bare = program + ".bare"
    let strip = try await Command("/usr/bin/strip", ["-o", bare, program]).run()
    try #require(strip.status == 0, "\(strip.summary)")
    #expect(try ProgramImages.read(bare) == ProgramImages.read(program))
  }

  @Test func `says what is wrong with a file that has none`() async throws {
    let program = try await PreparedProgram.shared.path
    #expect(throws: ImageFailure.notPrepared(file: "/bin/true")) {
      try ProgramImages.read("/bin/true")
    }
    #expect(throws: ImageFailure.elf(.notELF(file: program + ".delta"))) {
      try ProgramImages.read(program + ".delta")
    }
    #expect(throws: ImageFailure.elf(.unreadable(file: "/nowhere", code: 2))) {
      try ProgramImages.read("/nowhere")
    }
    #expect(throws: ImageFailure.self) { try ProgramImages.read("/bin") }
    #expect(ImageFailure.notPrepared(file: "x").sentence.contains("pupcc"))
  }

  @Test func `is not read for another machine`() async throws {
    let program = try await PreparedProgram.shared.path
    var changed = bytes(of: program)
    changed[18] = 183  // EM_AARCH64
    let path = program + ".other"
    try write(changed, to: path)
    #expect(throws: ImageFailure.elf(.wrongMachine(file: path))) { try ProgramImages.read(path) }
  }

  @Test func `is not read from a format that is not known, or without debug information`()
    async throws
  {
    let program = try await PreparedProgram.shared.path
    var later = try ProgramImages.read(program).delta
    later.format = Delta.currentFormat + 1
    let path = program + ".later"
    try rewrite(program, with: later, to: path)
    #expect(
      throws: ImageFailure.otherFormat(
        file: path, found: Delta.currentFormat + 1, known: Delta.currentFormat)
    ) { try ProgramImages.read(path) }

    var bare = try ProgramImages.read(program).delta
    bare.procedures = []
    try rewrite(program, with: bare, to: path)
    #expect(throws: ImageFailure.noDebugInformation(file: path)) { try ProgramImages.read(path) }
  }

  /// Puts another delta into a copy of a program.
  private func rewrite(_ program: String, with delta: Delta, to path: String) throws {
    let json = [UInt8](try JSONEncoder().encode(delta))
    let size = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
    let section = ELFProgram.NewSection(
      name: PreparedName.delta, contents: Array("PUPDELT1".utf8) + size + Compression.deflate(json))
    try write(
      try ELFProgram(atPath: program).file(adding: [section]) { $0 == PreparedName.delta }, to: path
    )
  }
}

struct `A damaged program` {
  @Test(arguments: [".pup.o", ""])
  func `gives a failure wherever it is cut off`(suffix: String) async throws {
    let whole = bytes(of: try await PreparedProgram.shared.path + suffix)
    let path = try await PreparedProgram.shared.path + suffix + ".cut"
    for length in stride(from: 0, to: whole.count - 1, by: max(1, whole.count / 60)) {
      try write(Array(whole.prefix(length)), to: path)
      #expect(throws: ImageFailure.self, "cut off at \(length)") { try ProgramImages.read(path) }
    }
  }

  @Test(arguments: [".pup.o", ""], 0..<8 as Range<UInt64>)
  func `gives a failure or an image, whatever bytes are changed`(
    suffix: String, seed: UInt64
  ) async throws {
    let whole = bytes(of: try await PreparedProgram.shared.path + suffix)
    let path = try await PreparedProgram.shared.path + suffix + ".changed\(seed)"
    var generator = Seeded(state: seed &+ 1)
    for _ in 0..<12 {
      var changed = whole
      for _ in 0..<8 {
        // Half of them in the section header table, which is last.
        let tail = Bool.random(using: &generator) ? changed.count - 2000 : 0
        let place = Int.random(in: max(tail, 4)..<changed.count, using: &generator)
        changed[place] = UInt8.random(in: .min ... .max, using: &generator)
      }
      try write(changed, to: path)
      do throws(ImageFailure) {
        _ = try ProgramImages.read(path)
      } catch {
        #expect(error.sentence.contains(path))
      }
    }
  }
}

/// One small program, made by the real `pupcc` for all tests of a run.
actor PreparedProgram {
  static let shared = PreparedProgram()

  private let made = Task {
    let folder = "\(Surroundings.tools)/program-images"
    removeFolder(folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let source = """
      #include <stdio.h>
      static int count;
      __attribute__((noinline)) int twice(int number) { return 2 * number + count++; }
      int main(void) { return printf("%d\\n", twice(21)) < 0; }

      """
    try write(Array(source.utf8), to: folder + "/prog.c")
    let outcome = try await Command(
      Surroundings.tool("pupcc"), ["-O1", "--companions", "prog.c", "-o", "prog"],
      directory: folder
    ).run()
    try #require(outcome.status == 0, "\(outcome.summary)")
    return folder + "/prog"
  }

  var path: String { get async throws { try await made.value } }
}

/// SplitMix64.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
