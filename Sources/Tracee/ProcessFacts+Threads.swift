import VersionSpace

extension ProcessFacts {
  /// The name of a thread (proc(5), "comm"); empty if it has ended.
  package static func name(ofThread tid: Int32, of pid: Int32) -> String {
    do throws(TraceeFailure) {
      let name = try text(pid, "task/\(tid)/comm")
      return name.hasSuffix("\n") ? String(name.dropLast()) : name
    } catch {
      return ""
    }
  }
}
