package import Updating
package import VersionSpace

/// Why the pup could not do what it was asked, one case per stage.
package enum PupFailure: Error, Sendable {
  case tracee(TraceeFailure, pid: Int32)
  case link(LinkFailure)
  case commit(CommitFailure)
  /// A file is malformed or unusable on its own; the sentence names it and what to do.
  case unusable(String)
  /// Well-formed, but it cannot or may not be done.
  case refused(code: String, String)
  /// There is no journal, or it cannot be read or written.
  case journal(String)
}

extension PupFailure {
  /// One sentence for people: what was wrong, where, and what to do.
  package var sentence: String {
    switch self {
    case .tracee(let failure, let pid): Self.sentence(failure, pid)
    case .link(let failure): Self.sentence(failure)
    case .commit(let failure): Self.sentence(failure)
    case .unusable(let text), .refused(_, let text): text
    case .journal(let text): "journal: \(text)"
    }
  }

  /// A stable word for machines.
  package var code: String {
    switch self {
    case .tracee(let failure, _): Self.code(failure)
    case .link(.arenaFull): "arena-full"
    case .link: "cannot-link"
    case .commit(.slotChanged), .commit(.siteChanged): "table-changed"
    case .commit(.notWritten): "not-written"
    case .commit(.tracee(let failure)): Self.code(failure)
    case .unusable: "unusable"
    case .refused(let code, _): code
    case .journal: "journal"
    }
  }

  /// Design section 9: 1 cannot be done, 2 malformed.
  package var exitCode: Int32 {
    if case .unusable = self { return 2 }
    return 1
  }

  private static func code(_ failure: TraceeFailure) -> String {
    switch failure {
    case .gone: "target-gone"
    case .fault: "target-memory"
    case .traced: "already-traced"
    case .notPermitted: "not-permitted"
    case .deadline: "stop-deadline"
    case .shared: "shared-memory"
    case .replaced: "other-program"
    case .system: "system"
    }
  }

  private static func sentence(_ failure: TraceeFailure, _ pid: Int32) -> String {
    switch failure {
    case .gone: "process \(pid) has ended"
    case .fault(let address, let count):
      "process \(pid): no \(count) bytes at \(address) that can be read or written"
    case .traced(let pid, let tracer):
      "process \(pid) is traced by process \(tracer) already; detach that debugger and try again"
    case .notPermitted(let pid):
      "no permission to trace process \(pid): run the pup as its user or with CAP_SYS_PTRACE"
    case .deadline(let threads):
      "process \(pid): threads \(threads.map(String.init).joined(separator: ", ")) did not stop in time"
    case .shared(let others):
      "process \(pid) shares its memory with \(others.map(String.init).joined(separator: ", ")); "
        + "nothing is written while that lasts"
    case .replaced(let pid): "process \(pid) runs another program now"
    case .system(let operation, let code):
      "process \(pid): \(operation.rawValue) failed with errno \(code)"
    }
  }

  private static func sentence(_ failure: CommitFailure) -> String {
    switch failure {
    case .tracee(let failure): sentence(failure, 0)
    case .slotChanged(let slot, let expected, let found):
      "the binding table's slot at \(slot) holds 0x\(String(found, radix: 16)) and not "
        + "0x\(String(expected, radix: 16)): somebody else wrote it"
    case .siteChanged(let place):
      "the call at \(place) leads neither to its procedure nor to the binding table: somebody else "
        + "wrote it"
    case .notWritten(let slot): "the binding table's slot at \(slot) did not take its new value"
    }
  }

  private static func sentence(_ failure: LinkFailure) -> String {
    switch failure {
    case .arenaFull(let arena, let needed, let free):
      "the \(arena.rawValue) arena is full: \(needed) bytes needed, \(free) free; "
        + "build the first version with a larger pupcc "
        + (arena == .threadLocal ? "--tls-reserve" : "--arena")
    case .threadLocalValue(let name):
      "‘\(name)’ is new and thread-local, and does not begin as zero: no thread that runs has that "
        + "value; let it begin as zero, and set it in code"
    case .unresolved(let symbol, let user):
      "\(user) refers to \(symbol), which neither the program nor its libraries define"
    case .unresolvedIndirect(let symbol, let user):
      "\(user) refers to \(symbol), an indirect function that nothing has resolved yet"
    case .unsupportedRelocation(let type, let symbol, let user):
      "\(user) refers to \(symbol) by \(type), which cannot be applied to a running program"
    case .outOfReach(let symbol, let user): "\(user) cannot reach \(symbol) from the arena"
    case .threadLocal(let symbol, let user):
      "\(user) refers to thread-local \(symbol), for which running threads have no storage"
    case .undecodable(let procedure, let offset):
      "\(procedure)+\(offset): not an instruction that is known"
    case .malformed(let text): text
    case .tracee(let failure): sentence(failure, 0)
    }
  }
}
