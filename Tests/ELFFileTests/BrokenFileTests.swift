import ELFFile
import ObjectModel
import TestSupport
import Testing

/// Files that are not what they should be: each gets an error that says so, and none traps.
@Suite(.timeLimit(.minutes(3))) struct BrokenFileTests {
  private func failure(_ bytes: [UInt8]) -> ELFFailure? {
    do throws(ELFFailure) {
      _ = try ELFReader.object(bytes, name: "a.o")
      return nil
    } catch {
      return error
    }
  }

  private func programFailure(_ bytes: [UInt8]) -> ELFFailure? {
    do throws(ELFFailure) {
      var program = try ELFProgram(bytes, name: "a")
      _ = try program.symbols()
      _ = program.buildID
      _ = program.file(adding: [.init(name: ".new", contents: [1, 2, 3])]) { $0 == ".comment" }
      for section in program.sections { _ = program.contents(of: section) }
      for segment in program.segments {
        program.setUnwindHeader(address: segment.address, byteCount: 12)
        do throws(ELFFailure) { try program.patch([1, 2], at: segment.address) } catch { continue }
      }
      return nil
    } catch {
      return error
    }
  }

  private func object() async throws -> [UInt8] {
    let (folder, path) = try await Samples.object(["-O2", "-g", "-ffunction-sections"])
    defer { removeFolder(folder) }
    return try ELFReader.bytes(atPath: path)
  }

  private func program() async throws -> [UInt8] {
    let (folder, _) = try await Samples.object(["-O2"])
    defer { removeFolder(folder) }
    try await Samples.gcc(["a.o", "-o", "a"], in: folder)
    return try ELFReader.bytes(atPath: "\(folder)/a")
  }

  @Test func `what is no ELF file, or for another machine, is named as such`() async throws {
    var bytes = try await object()
    #expect(failure(bytes) == nil)
    #expect(failure([]) == .notELF(file: "a.o"))
    #expect(failure(Array("int main;\n".utf8)) == .notELF(file: "a.o"))
    #expect(
      failure(Array(bytes.prefix(40))) == .truncated(file: "a.o", what: "the ELF header"))
    bytes[18] = 183
    #expect(failure(bytes) == .wrongMachine(file: "a.o"))
    bytes[18] = 62
    bytes[4] = 1
    #expect(failure(bytes) == .wrongMachine(file: "a.o"))
    #expect(throws: ELFFailure.unreadable(file: "/no/such", code: 2)) {
      try ELFReader.object(atPath: "/no/such")
    }
  }

  @Test func `a program is no object and an object no program`() async throws {
    #expect(
      failure(try await program())
        == .wrongKind(file: "a.o", found: "a position-independent executable or shared object"))
    #expect(
      programFailure(try await object())
        == .wrongKind(file: "a", found: "a relocatable object"))
  }

  @Test func `an object that ends anywhere is refused`() async throws {
    let bytes = try await object()
    for count in stride(from: 0, to: bytes.count, by: 97) {
      let found = failure(Array(bytes.prefix(count)))
      switch found {
      case .notELF: #expect(count < 4)
      case .truncated, .malformed: #expect(count >= 4)
      default: Issue.record("\(count) of \(bytes.count) bytes: \(String(describing: found))")
      }
    }
  }

  @Test func `a program that ends anywhere is refused`() async throws {
    let bytes = try await program()
    for count in stride(from: 0, to: bytes.count, by: 97) {
      #expect(programFailure(Array(bytes.prefix(count))) != nil)
    }
  }

  @Test func `any bytes may be wrong`() async throws {
    let (bytes, whole) = (try await object(), try await program())
    var dice = Dice()
    var refused = 0
    for _ in 0..<1500 {
      var damaged = dice.damaged(bytes)
      // The headers are where damage is noticed.
      if dice.roll(2) == 0 {
        let table = bytes.count - 64 * (Int(bytes[60]) | Int(bytes[61]) << 8)
        damaged = Array(bytes.prefix(table)) + dice.damaged(Array(bytes.dropFirst(table)))
      }
      if failure(damaged) != nil { refused += 1 }
      if dice.roll(2) == 0 {
        _ = programFailure(dice.damaged(whole))
      } else {
        _ = programFailure(
          dice.damaged(Array(whole.prefix(64 + 56 * 13))) + whole.dropFirst(64 + 56 * 13))
      }
    }
    #expect(refused > 100)
  }

  @Test func `a compressed section of another size or damaged is refused`() throws {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let packed = Compression.deflate(bytes)
    #expect(packed.count < bytes.count / 2)
    #expect(try Compression.inflate(packed, expectedByteCount: 5000, file: "a") == bytes)
    for (stream, size) in [
      (packed, 4999), (packed, 5001), (Array(packed.dropLast(3)), 5000),
      ([], 5000), (packed, -1), (packed, .max),
    ] {
      do throws(ELFFailure) {
        _ = try Compression.inflate(stream, expectedByteCount: size, file: "a")
        Issue.record("\(size) bytes were accepted")
      } catch {
        guard case .malformed(file: "a", _) = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
  }
}
