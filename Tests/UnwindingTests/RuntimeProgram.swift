import Foundation
import TestSupport

/// `Programs/runtime.c`, linked with the runtime of `CSupport/runtime` as pupcc would.
struct RuntimeProgram {
  /// How a program is linked.
  enum Kind: String, Sendable, CaseIterable {
    case positionIndependent = "-pie -fPIE"
    case positionDependent = "-no-pie -fno-pie"
    case `static` = "-static -fno-pie"
    case staticPositionIndependent = "-static-pie -fPIE"
  }

  private static let script = """
    SECTIONS
    {
      .pup_table : ALIGN(8)
      {
        PROVIDE_HIDDEN(__pup_table_start = .);
        *(.pup_table.*)
        PROVIDE_HIDDEN(__pup_table_end = .);
      }
    }
    INSERT AFTER .data.rel.ro;
    """

  private let program: CompiledProgram
  var path: String { program.path }

  init(_ kind: Kind) async throws {
    let folder = try temporaryFolder(named: "runtime-objects")
    defer { removeFolder(folder) }
    let sources = Surroundings.repository + "/CSupport/runtime"
    var objects: [String] = []
    for name in ["pup_gates.S", "pup_runtime.c"] {
      objects.append("\(folder)/\(name).o")
      try await CompiledProgram.gcc([
        "\(sources)/\(name)", "-c", "-O2", "-fPIC", "-fno-stack-protector",
        "-DPUP_ARENA_SIZE=16777216", "-Wall", "-Wextra", "-Werror", "-o", "\(folder)/\(name).o",
      ])
    }
    try Self.script.write(toFile: "\(folder)/pup.ld", atomically: true, encoding: .utf8)
    program = try await CompiledProgram(
      "runtime",
      kind.rawValue.split(separator: " ").map(String.init)
        + ["-O1", "-rdynamic", "-I\(sources)", "-Wl,-T,\(folder)/pup.ld", "-Wl,--eh-frame-hdr"]
        + objects)
    try await complete()
  }

  /// Points PT_GNU_EH_FRAME to the runtime's index, and the descriptor to the linker's.
  private func complete() async throws {
    let listing = try await Command("/usr/bin/nm", [path]).run().output
    let symbols = listing.split(separator: "\n").map { $0.split(separator: " ") }
    func address(_ name: String) throws -> UInt64 {
      guard let line = symbols.first(where: { $0.count == 3 && $0[2] == name }),
        let value = UInt64(line[0], radix: 16)
      else { throw LiveFailure.unreadableReport(text: listing, reason: "no \(name)") }
      return value
    }
    var file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let descriptor = try address("__pup_descriptor")
    let unwind = try address("__pup_unwind")
    let start = Int(Self.word(file, 32))
    var place = 0
    for header in stride(from: start, to: start + 56 * Int(file[56]), by: 56) {
      let base = Self.word(file, header + 16)
      if file[header] == 1, (base..<(base + Self.word(file, header + 32))).contains(descriptor) {
        place = Int(Self.word(file, header + 8) + descriptor - base)
      }
    }
    for header in stride(from: start, to: start + 56 * Int(file[56]), by: 56)
    where file[header..<(header + 4)] == [0x50, 0xE5, 0x74, 0x64] {
      Self.store(Self.word(file, header + 16) &- descriptor, &file, place + 160)
      Self.store(unwind, &file, header + 16)
      Self.store(unwind, &file, header + 24)
    }
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.write(contentsOf: file)
    try handle.close()
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }

  private static func store(_ value: UInt64, _ bytes: inout [UInt8], _ offset: Int) {
    for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}
