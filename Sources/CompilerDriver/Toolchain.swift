import Foundation
import Glibc

/// Runs the compiler; its diagnostics go where ours would.
struct Toolchain: Sendable {
  let compiler: String

  init(environment: [String: String]) { compiler = environment["PUPCC_GCC"] ?? "gcc" }

  /// Becomes gcc, so that its input, output, signals and exit status are its own; execvp(3).
  ///
  /// - Throws: `.noCompiler` when it cannot be started at all.
  func become(_ words: [String]) throws(DriverFailure) -> Never {
    let arguments = CStrings([compiler] + words)
    unsafe execvp(compiler, arguments.pointers)
    throw notStarted(errno)
  }

  /// Runs gcc and returns its exit status, 128 plus the number for a signal; posix_spawnp(3).
  ///
  /// An interrupt from the terminal reaches gcc itself: it is ignored here meanwhile, so that what is
  /// temporary is removed before we end.
  ///
  /// - Throws: `.noCompiler` when it cannot be started at all.
  func run(_ words: [String]) throws(DriverFailure) -> Int32 {
    let arguments = CStrings([compiler] + words)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    let kept = IgnoredInterrupts()
    defer { kept.restore() }
    var defaults = kept.formerlyDefault
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var child: pid_t = 0
    let code = unsafe posix_spawnp(
      &child, compiler, nil, &attributes, arguments.pointers, environ)
    guard code == 0 else { throw notStarted(code) }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) == -1 {
      guard errno == EINTR else { throw .cannot("\(compiler): \(Self.text(of: errno))") }
    }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// Runs gcc; a failure of it is ours, with its status.
  func mustRun(_ words: [String]) throws(DriverFailure) {
    let status = try run(words)
    guard status == 0 else { throw .child(status) }
  }

  private func notStarted(_ code: Int32) -> DriverFailure {
    .noCompiler("\(compiler) cannot be started: \(Self.text(of: code))")
  }

  private static func text(of code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "errno \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Interrupts that are ignored for a while; those that were ignored before stay so.
private struct IgnoredInterrupts {
  private let former: [(number: Int32, action: sigaction)]

  init() {
    former = [SIGINT, SIGQUIT].map { number in
      var old = sigaction()
      var ignored = sigaction()
      unsafe ignored.__sigaction_handler.sa_handler = SIG_IGN
      unsafe sigaction(number, &ignored, &old)
      return (number, old)
    }
  }

  /// What a child must find as we found it.
  var formerlyDefault: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for entry in former where unsafe entry.action.__sigaction_handler.sa_handler == nil {
      unsafe sigaddset(&set, entry.number)
    }
    return set
  }

  func restore() {
    for entry in former {
      var action = entry.action
      unsafe sigaction(entry.number, &action, nil)
    }
  }
}

/// A NULL-terminated array of C strings.
@safe private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    unsafe pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
    unsafe pointers[count] = nil
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}

/// A directory that goes away with the value.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws(DriverFailure) {
    path = NSTemporaryDirectory() + "pupcc-" + UUID().uuidString
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannot("\(path): \(error.localizedDescription)")
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Replaces files whole, so that nobody sees half of one.
enum AtomicFile {
  /// Writes `bytes` beside `path` and renames it there, with the old file's mode.
  static func write(_ bytes: [UInt8], to path: String) throws(DriverFailure) {
    let partial = path + ".pupcc-\(getpid())"
    do {
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      try Data(bytes).write(to: URL(fileURLWithPath: partial))
      if let mode = attributes?[.posixPermissions] {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: partial)
      }
      guard unsafe rename(partial, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw .cannot("\(path): cannot be written: \(error.localizedDescription)")
    }
  }
}
