import Glibc

/// What the tools say of themselves.
package enum ProductVersion {
  package static let text = "0.2"

  /// Version and build date, for a banner.
  package static var sentence: String { "version \(text) (compiled on \(built))" }

  /// `Linux version 6.1.0`.
  package static var system: String {
    "Linux version \(line("/proc/sys/kernel/osrelease") ?? "unknown")"
  }

  /// This host's own name.
  package static var host: String { line("/proc/sys/kernel/hostname") ?? "localhost" }

  /// When this executable was linked.
  private static var built: String {
    var status = stat()
    guard unsafe stat("/proc/self/exe", &status) == 0 else { return "an unknown day" }
    var parts = unsafe tm()
    var seconds = status.st_mtim.tv_sec
    _ = unsafe localtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 64)
    _ = unsafe strftime(&text, 64, "%b %e/%y at %H:%M", &parts)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func line(_ path: String) -> String? {
    readFile(path, limit: 4096).map {
      String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
  }
}
