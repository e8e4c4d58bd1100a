import Foundation

/// What `/proc` says about a process.
package struct ProcessView: Sendable {
  package let pid: Int32

  package init(_ pid: Int32) { self.pid = pid }

  /// Whether it runs: a zombie does not.
  package var isAlive: Bool {
    guard let state = field("State") else { return false }
    return !state.hasPrefix("Z") && !state.hasPrefix("X")
  }

  /// The process that traces it, 0 if none does.
  package var tracer: Int32 { field("TracerPid").flatMap { Int32($0) } ?? -1 }

  /// Resident memory in KiB.
  package var residentKiB: Int {
    field("VmRSS").flatMap { $0.split(separator: " ").first }.flatMap { Int($0) } ?? 0
  }

  /// Each open descriptor and what it leads to.
  package var openFiles: [String: String] {
    let manager = FileManager.default
    let folder = "/proc/\(pid)/fd"
    var files: [String: String] = [:]
    for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] {
      files[name] = try? manager.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
    }
    return files
  }

  /// The system call time at which it started, which tells a process from a later one with its pid.
  package var startTime: String {
    let fields = contents(of: "/proc/\(pid)/stat").split(separator: ")").last ?? ""
    return fields.split(separator: " ").dropFirst(19).first.map(String.init) ?? ""
  }

  private func field(_ name: String) -> String? {
    for line in contents(of: "/proc/\(pid)/status").split(separator: "\n")
    where line.hasPrefix("\(name):") {
      return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }
    return nil
  }

  /// Every process whose environment holds the string `setting` (`NAME=value`).
  package static func all(withEnvironment setting: String) -> [ProcessView] {
    all { $0.elementsEqual(setting.utf8) }
  }

  /// Every process whose environment holds a string that begins with `start` (`NAME=val`).
  package static func all(whereSettingBegins start: String) -> [ProcessView] {
    all { $0.starts(with: start.utf8) }
  }

  private static func all(
    whereSetting isWanted: (ArraySlice<UInt8>) -> Bool
  ) -> [ProcessView] {
    let own = ProcessInfo.processInfo.processIdentifier
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { pid in
      guard pid != own else { return false }
      return bytes(of: "/proc/\(pid)/environ").split(separator: 0).contains(where: isWanted)
    }.map(ProcessView.init)
  }
}
