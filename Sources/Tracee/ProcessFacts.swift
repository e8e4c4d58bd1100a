import Glibc
package import VersionSpace

/// What `/proc` says of a process (proc(5)).
package struct ProcessFacts: Sendable {
  package let pid: Int32
  /// The process that traces it, or 0.
  package let tracer: Int32
  /// Clock ticks after boot.
  package let startTime: UInt64
  package let userID: UInt32
  /// `R`, `S`, `D`, `T`, `t`, `Z` and so on.
  package let state: Character

  /// - Throws: `.gone`.
  package init(pid: Int32) throws(TraceeFailure) {
    self.pid = pid
    let status = try Self.text(pid, "status")
    func field(_ name: String) -> Substring { Self.field(name, of: status) ?? "" }
    tracer = Int32(field("TracerPid")).map(Self.process(of:)) ?? 0
    userID = UInt32(field("Uid")) ?? 0
    state = field("State").first ?? "?"
    startTime = try Self.startTime(pid)
  }

  /// Whether a process has a handler for a signal (`SigCgt` of proc(5)).
  ///
  /// - Throws: `.gone`.
  static func catches(_ signal: Int32, pid: Int32) throws(TraceeFailure) -> Bool {
    let status = try text(pid, "status")
    let caught = field("SigCgt", of: status).flatMap { UInt64($0, radix: 16) } ?? 0
    return caught >> UInt64(signal - 1) & 1 == 1
  }

  /// The first word of a line of `status`.
  private static func field(_ name: String, of status: String) -> Substring? {
    status.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1)
      .split(whereSeparator: \.isWhitespace).first
  }

  /// The process that a thread is of; the kernel names tracers by thread.
  private static func process(of thread: Int32) -> Int32 {
    guard thread != 0 else { return 0 }
    do throws(TraceeFailure) {
      return field("Tgid", of: try text(thread, "status")).flatMap { Int32($0) } ?? thread
    } catch {
      return thread
    }
  }

  private static func startTime(_ pid: Int32) throws(TraceeFailure) -> UInt64 {
    // The command may hold blanks and parentheses: count from the last one.
    let stat = try text(pid, "stat")
    guard let end = stat.lastIndex(of: ")") else { throw .gone(pid: pid) }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let time = UInt64(fields[19]) else { throw .gone(pid: pid) }
    return time
  }

  static func text(_ pid: Int32, _ name: String) throws(TraceeFailure) -> String {
    String(decoding: try bytes(pid, name), as: UTF8.self)
  }

  static func bytes(_ pid: Int32, _ name: String) throws(TraceeFailure) -> [UInt8] {
    let descriptor = unsafe open("/proc/\(pid)/\(name)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == EACCES || errno == EPERM { throw .notPermitted(pid: pid) }
      throw .gone(pid: pid)
    }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      guard count >= 0 else { throw .gone(pid: pid) }
      if count == 0 { return result }
      result += buffer[0..<count]
    }
  }

  /// The auxiliary vector by `AT_` number (getauxval(3)).
  package func auxiliaryVector() throws(TraceeFailure) -> [UInt64: UInt64] {
    try Self.auxiliaryVector(of: pid)
  }

  static func auxiliaryVector(of pid: Int32) throws(TraceeFailure) -> [UInt64: UInt64] {
    let bytes = try bytesOfMemory(pid, "auxv")
    var result: [UInt64: UInt64] = [:]
    for offset in stride(from: 0, to: bytes.count - 15, by: 16) {
      func word(_ at: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
      }
      result[word(offset)] = word(offset + 8)
    }
    return result
  }

  /// A file of `/proc` that tells of the memory, which a first thread that has ended has no more:
  /// then that of a thread that goes on.
  private static func bytesOfMemory(
    _ pid: Int32, _ name: String
  ) throws(TraceeFailure) -> [UInt8] {
    for place in [name] + (try threads(of: pid)).map({ "task/\($0)/\(name)" }) {
      do throws(TraceeFailure) {
        let found = try bytes(pid, place)
        if !found.isEmpty { return found }
      } catch .gone {
        continue
      }
    }
    throw .gone(pid: pid)
  }

  package struct Mapping: Hashable, Sendable {
    package var range: Range<UInt64>
    package var isReadable: Bool
    package var isWritable: Bool
    package var isExecutable: Bool
    package var fileOffset: UInt64
    package var path: String
  }

  /// The mappings, by rising address.
  package func maps() throws(TraceeFailure) -> [Mapping] {
    String(decoding: try Self.bytesOfMemory(pid, "maps"), as: UTF8.self).split(separator: "\n")
      .compactMap { line in
        let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count >= 5 else { return nil }
        let bounds = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
        return Mapping(
          range: bounds[0]..<bounds[1], isReadable: fields[1].contains("r"),
          isWritable: fields[1].contains("w"), isExecutable: fields[1].contains("x"),
          fileOffset: UInt64(fields[2], radix: 16) ?? 0,
          path: fields.count > 5 ? fields[5].drop { $0 == " " }.description : "")
      }
  }

  /// The ids of a process's threads.
  package static func threads(of pid: Int32) throws(TraceeFailure) -> [Int32] {
    guard let directory = unsafe opendir("/proc/\(pid)/task") else { throw .gone(pid: pid) }
    defer { unsafe closedir(directory) }
    var result: [Int32] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if let tid = Int32(name) { result.append(tid) }
    }
    return result.sorted()
  }

  /// Whether a thread is listed no more, or only until its end is noted.
  static func hasEnded(pid: Int32, thread: Int32) -> Bool {
    state(pid: pid, thread: thread).map { "ZX".contains($0) } ?? true
  }

  /// The state letter of a thread (proc(5), "stat"), or `nil` if it is listed no more.
  static func state(pid: Int32, thread: Int32) -> Character? {
    do throws(TraceeFailure) {
      let stat = try text(pid, "task/\(thread)/stat")
      return stat.lastIndex(of: ")").flatMap { stat[$0...].dropFirst(2).first }
    } catch {
      return nil
    }
  }

  /// Children that a thread forked; none where the kernel does not say.
  package static func children(of pid: Int32, thread: Int32) -> [Int32] {
    do throws(TraceeFailure) {
      return try text(pid, "task/\(thread)/children").split(separator: " ").compactMap { Int32($0) }
    } catch {
      return []
    }
  }

  /// Whether the process is there and is not a zombie.
  package static func isAlive(_ pid: Int32, startTime: UInt64) -> Bool {
    do throws(TraceeFailure) {
      let facts = try ProcessFacts(pid: pid)
      return facts.startTime == startTime && facts.state != "Z" && facts.state != "X"
    } catch {
      return false
    }
  }
}
