import Foundation
import TestSupport
import Unwinding
import VersionSpace

/// A program's threads at many points of its run, with the frames that gdb found there.
struct RecordedPoints {
  /// One thread in one stop.
  struct Point {
    var registers = Registers()
    var memory: RecordedMemory
    /// What gdb found, innermost first, without inlined and tail-called pseudo-frames.
    var programCounters: [UInt64] = []
    /// Whether gdb came to a frame that says that it is the last.
    var isWhole = false
  }

  private(set) var modules: [UnwindModule] = []
  private(set) var points: [Point] = []

  /// Runs `program` in gdb, first by `steps` groups of single steps from main, then from stop to
  /// stop at `places`.
  init(program: String, arguments: [String] = [], steps: Int, places: String) async throws {
    let folder = try temporaryFolder(named: "points")
    defer { removeFolder(folder) }
    let settings = [
      "POINTS": folder + "/p", "STEPS": "\(steps)", "BREAK": places, "SEED": "1",
    ]
    let script = Surroundings.repository + "/Tests/UnwindingTests/Programs/points.py"
    let outcome = try await Command(
      "/usr/bin/gdb", ["-nx", "-batch", "-x", script, "--args", program] + arguments,
      environment: Surroundings.environment.merging(settings) { $1 }, timeout: .seconds(120)
    ).run()
    let blob = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/p.bytes")))
    let text = try String(contentsOfFile: folder + "/p.text", encoding: .utf8)
    for line in text.split(separator: "\n") { read(line, blob) }
    guard !points.isEmpty else {
      throw LiveFailure.unreadableReport(text: outcome.summary, reason: "gdb wrote no points")
    }
  }

  private mutating func read(_ line: Substring, _ blob: [UInt8]) {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap {
      UInt64($0) ?? Int64($0).map(UInt64.init(bitPattern:))
    }
    switch words.first {
    case "code":
      modules.append(
        UnwindModule(
          name: "", codeRanges: [numbers[0]..<numbers[1]], ehFrame: [], ehFrameAddress: 0))
    case "frame":
      let bytes = blob[Int(numbers[1])..<Int(numbers[1] + numbers[2])]
      modules.append(
        UnwindModule(
          name: "", codeRanges: [], ehFrame: Array(bytes), ehFrameAddress: numbers[0]))
    case "point":
      points.append(
        Point(registers: Registers(recorded: numbers), memory: RecordedMemory(blob: blob)))
    case "page": points[points.count - 1].memory.pages[numbers[0]] = Int(numbers[1])
    default:
      points[points.count - 1].isWhole = numbers[0] == 1
      points[points.count - 1].programCounters = Array(numbers.dropFirst())
    }
  }
}

extension Registers {
  /// Those that `recording.py` wrote, in its order.
  init(recorded numbers: [UInt64]) {
    self.init()
    for index in 0..<16 { general[index] = numbers[index] }
    instructionPointer = numbers[16]
  }
}

/// Pages that gdb wrote to a file.
struct RecordedMemory: TraceeMemory {
  var blob: [UInt8]
  /// Where in the blob the page at an address lies.
  var pages: [UInt64: Int] = [:]

  func read(
    at address: TraceeAddress, into buffer: inout MutableSpan<UInt8>
  ) throws(TraceeFailure) {
    var index = 0
    while index < buffer.count {
      let place = address.rawValue &+ UInt64(index)
      guard let page = pages[place / 4096 * 4096] else {
        throw .fault(at: address, byteCount: buffer.count)
      }
      let start = page + Int(place % 4096)
      for offset in 0..<min(buffer.count - index, 4096 - Int(place % 4096)) {
        buffer[index + offset] = blob[start + offset]
      }
      index += 4096 - Int(place % 4096)
    }
  }

  mutating func write(_ bytes: Span<UInt8>, at address: TraceeAddress) throws(TraceeFailure) {
    throw .fault(at: address, byteCount: bytes.count)
  }
}
