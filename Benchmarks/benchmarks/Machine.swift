import Foundation

/// What the results depend on.
enum Machine {
  /// Processor, memory, kernel and compiler in one line; no name by which the host could be known.
  static func describe() throws(BenchmarkFailure) -> String {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let memory = Double(ProcessInfo.processInfo.physicalMemory) / Double(1 << 30)
    let kernel = try Child("uname", "-sr").text().trimmingCharacters(in: .whitespacesAndNewlines)
    let compiler = try Child("gcc", "-dumpfullversion").text()
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return
      "\(processor), \(cores) cores, \(String(format: "%.0f", memory)) GiB, \(kernel), gcc \(compiler)"
  }

  private static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
      ?? "unknown processor"
  }
}
