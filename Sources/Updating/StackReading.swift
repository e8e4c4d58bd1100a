package import Unwinding
package import VersionSpace

/// How much of each stack is read at first, in one go for all threads: most are not used deeper.
private let topBytes: UInt64 = 1024

extension StoppedTarget where Self: ~Copyable {
  /// Walks the stack of each stopped thread; threads that have ended meanwhile are left out.
  ///
  /// - Throws: when the target fails under us.
  package mutating func stacks(
    by rows: inout RowMemo
  ) throws(TraceeFailure) -> [ThreadStack] {
    var found: [(tid: Int32, registers: Registers)] = []
    for tid in threads {
      do throws(TraceeFailure) {
        found.append((tid, try registers(of: tid)))
      } catch .gone {
        continue
      }
    }
    let tops = found.map { thread in
      let start = thread.registers.stackPointer.rawValue
      return start..<max(start, start &+ topBytes)
    }
    let pieces = pieces(of: tops)
    var stacks: [ThreadStack] = []
    stacks.reserveCapacity(found.count)
    for (index, thread) in found.enumerated() {
      let window = StackWindow(start: tops[index].lowerBound, bytes: pieces[index])
      stacks.append(
        StackWalker.walk(
          tid: thread.tid, registers: thread.registers, memory: self, rows: &rows, window: window,
          limit: 1 << 20))
    }
    return stacks
  }

  /// The same, of a single stop.
  package mutating func stacks(by unwind: UnwindTable) throws(TraceeFailure) -> [ThreadStack] {
    var rows = RowMemo(unwind)
    return try stacks(by: &rows)
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
