import Foundation
import TestSupport
import Tracee
import Unwinding
import Updating
import VersionSpace

/// Random points of a program's run, with the frames that gdb found there.
struct OracleRecord {
  /// One thread in one stop.
  struct Point {
    var registers = Registers()
    var memory: RecordedMemory
    /// What gdb found, innermost first, without inlined and tail-called pseudo-frames.
    var places: [LiveStacks.Place] = []
  }

  private(set) var modules: [UnwindModule] = []
  private(set) var points: [Point] = []
  /// The procedure and the file that an address lies in.
  private(set) var names: [UInt64: String] = [:]
  /// By where they begin.
  private var files: [UInt64: String] = [:]
  private var mapped: RecordedMemory

  /// Hand-written procedures of libraries whose instructions are stopped at besides the program's.
  private static let places = [
    "memcpy", "__memcpy_avx_unaligned_erms", "__memmove_avx_unaligned_erms", "__strlen_avx2",
    "__memset_avx2_unaligned_erms", "__strcmp_avx2", "__sigsetjmp", "__longjmp", "____longjmp_chk",
    "_dl_runtime_resolve_xsavec", "_dl_runtime_resolve_xsave", "__libc_vfork", "vfork", "clone",
    "__clone3", "raise", "sigaltstack", "swapcontext", "__start_context", "__restore_rt", "write",
    "__GI___clock_gettime", "__libc_start_call_main", "start_thread", "__tls_get_addr",
    "__pthread_exit", "__do_cancel", "qsort", "msort_with_tmp", "siglongjmp", "_start", "exit",
  ]

  /// Runs `program` in gdb, again and again, until there are `count` points: of all its code and of
  /// known procedures, or of those named by `places`.
  ///
  /// Instead it steps through `process`, if there is one that runs `program` and traces itself.
  init(
    program: String, count: Int, seed: UInt64, places: [String]? = nil, process: Int32? = nil
  ) async throws {
    let folder = try temporaryFolder(named: "oracle")
    defer { removeFolder(folder) }
    var settings = [
      "POINTS": folder + "/p", "COUNT": "\(count)", "SEED": "\(seed)", "MARK": "round_begins",
      "PLACES": (places ?? Self.places).joined(separator: ","), "ONLY": places == nil ? "0" : "1",
    ]
    settings["PID"] = process.map { "\($0)" }
    let script = Surroundings.repository + "/Tests/UnwindingTests/Programs/oracle.py"
    let outcome = try await Command(
      "/usr/bin/gdb", ["-nx", "-batch", "-x", script, "--args", program],
      environment: Surroundings.environment.merging(settings) { $1 }, timeout: .seconds(170)
    ).run()
    let text = try String(contentsOfFile: folder + "/p.text", encoding: .utf8)
    let blob = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/p.bytes")))
    mapped = RecordedMemory(blob: blob)
    for line in text.split(separator: "\n") { read(line, blob) }
    guard !points.isEmpty, !outcome.timedOut else {
      throw LiveFailure.unreadableReport(text: outcome.summary, reason: "gdb wrote no points")
    }
    try readModules()
  }

  private mutating func readModules() throws(TraceeFailure) {
    for (base, name) in files {
      guard let object = try MappedObject(fileMappedAt: base, memory: mapped),
        let module = try object.unwindModule(named: name, memory: mapped)
      else { continue }
      modules.append(module)
      modules += try injected(index: object.ehFrameHdr, besides: module)
    }
  }

  /// The unwind information of code that was put into the process: what the index of the program
  /// names (LSB, "Exception Frame Header") besides the program's own.
  private func injected(
    index: Range<UInt64>?, besides module: UnwindModule
  ) throws(TraceeFailure) -> [UnwindModule] {
    guard let header = index?.lowerBound, module.name != "[vdso]" else { return [] }
    func distance(_ place: UInt64, from start: UInt64) throws(TraceeFailure) -> UInt64 {
      let word = try mapped.word(at: TraceeAddress(rawValue: place))
      return start &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: word)))
    }
    let own = module.ehFrameAddress..<(module.ehFrameAddress + UInt64(module.ehFrame.count))
    var result: [UnwindModule] = []
    let count = try distance(header + 8, from: 0)
    for row in stride(from: header + 12, to: header + 12 + 8 * count, by: 8) {
      let code = try distance(row, from: header)
      let entry = try distance(row + 4, from: header)
      guard !own.contains(entry) else { continue }
      let common = entry &+ 4 &- (try distance(entry + 4, from: 0))
      let end = try distance(entry, from: entry + 4)
      let bytes = try mapped.bytes(
        at: TraceeAddress(rawValue: common), byteCount: Int(end - common))
      let byteCount = try distance(entry + 12, from: 0)
      result.append(
        UnwindModule(
          name: "arena", codeRanges: [code..<(code + byteCount)], ehFrame: bytes,
          ehFrameAddress: common))
    }
    return result
  }

  private mutating func read(_ line: Substring, _ blob: [UInt8]) {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().map {
      UInt64($0) ?? Int64($0).map(UInt64.init(bitPattern:)) ?? 0
    }
    switch words.first {
    case "map":
      for offset in stride(from: 0, to: numbers[2], by: 4096) {
        mapped.pages[numbers[0] + offset] = Int(numbers[1] + offset)
      }
      let name = String(words[5])
      if numbers[3] == 0, name.hasPrefix("/") || name == "[vdso]" { files[numbers[0]] = name }
    case "point":
      points.append(
        Point(registers: Registers(recorded: numbers), memory: RecordedMemory(blob: blob)))
    case "page": points[points.count - 1].memory.pages[numbers[0]] = Int(numbers[1])
    case "frames":
      points[points.count - 1].places = stride(from: 0, to: numbers.count - 1, by: 2).map {
        LiveStacks.Place(counter: numbers[$0], stack: numbers[$0 + 1])
      }
    default:
      guard words.count > 3 else { return }
      let file = words[3].split(separator: "/").last.map(String.init) ?? ""
      names[numbers[0]] = "\(words[2]) (\(file))"
    }
  }
}
