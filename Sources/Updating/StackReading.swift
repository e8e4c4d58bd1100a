package import Unwinding
package import VersionSpace

extension StoppedTarget where Self: ~Copyable {
  /// Walks the stack of each stopped thread; threads that have ended meanwhile are left out.
  ///
  /// - Throws: when the target fails under us.
  package func stacks(by unwind: UnwindTable) throws(TraceeFailure) -> [ThreadStack] {
    var stacks: [ThreadStack] = []
    for tid in threads {
      do throws(TraceeFailure) {
        let registers = try registers(of: tid)
        stacks.append(
          StackWalker.walk(
            tid: tid, registers: registers, memory: self, table: unwind, limit: 1 << 20))
      } catch .gone {
        continue
      }
    }
    return stacks
  }
}

extension ThreadStack.Reason {
  /// Why a walk could not go on, for people.
  package var sentence: String {
    switch self {
    case .noUnwindRow: "there is no unwind information"
    case .unreadableStack: "the stack cannot be read"
    case .unsupportedRule: "the unwind information is of a kind that is not understood"
    case .notAdvancing: "the frames do not advance"
    case .tooDeep: "there are too many frames"
    case .unknownCode: "the code is in no file, so that nothing is known of it"
    }
  }
}
