import Unwinding
import VersionSpace

/// What a comparison of our walk with gdb's, at one point, comes to.
enum OracleVerdict: Hashable {
  /// The same frames, each with the same stack pointer, and both say that there are no more.
  case same
  /// Ours says that it cannot go on from a procedure; up to there the frames are gdb's.
  case notSafe(ThreadStack.Reason, in: String)
  /// gdb ends in a procedure though there is a caller: ours has all of gdb's frames, and more.
  case debuggerStopped(in: String)
  /// The frames differ.
  case different

  init(_ point: OracleRecord.Point, _ stack: ThreadStack, names: [UInt64: String]) {
    let ours = stack.places(from: point.registers.stackPointer.rawValue)
    func name(_ place: LiveStacks.Place?) -> String {
      place.flatMap { names[$0.counter] } ?? "\(String(place?.counter ?? 0, radix: 16))"
    }
    switch stack.end {
    case .notSafe(let reason, _):
      let agrees = point.places.starts(with: ours)
      self = agrees ? .notSafe(reason, in: name(ours.last)) : .different
    case .outermost where ours == point.places: self = .same
    case .outermost where ours.starts(with: point.places):
      self = .debuggerStopped(in: name(point.places.last))
    case .outermost: self = .different
    }
  }
}

/// The verdicts of one kind of program, counted.
struct OracleTally {
  private(set) var verdicts: [OracleVerdict: Int] = [:]
  /// For each disagreement, both walks.
  private(set) var disagreements: [String] = []
  private(set) var frameCount = 0

  init(_ record: OracleRecord) {
    let table = UnwindTable(record.modules)
    for point in record.points {
      let stack = StackWalker.walk(
        tid: 1, registers: point.registers, memory: point.memory, table: table, limit: 1000)
      let verdict = OracleVerdict(point, stack, names: record.names)
      verdicts[verdict, default: 0] += 1
      frameCount += stack.frames.count
      guard verdict == .different else { continue }
      let ours = stack.places(from: point.registers.stackPointer.rawValue)
      let named = point.places.map { "\($0) \(record.names[$0.counter] ?? "")" }
      disagreements.append("\(stack.end)\nours  \(ours)\ngdb   \(named)")
    }
  }

  var pointCount: Int { verdicts.values.reduce(0, +) }
  var sameCount: Int { verdicts[.same] ?? 0 }

  /// Walks that stopped in code that has unwind information.
  var notSafeWithInformationCount: Int {
    verdicts.reduce(0) { sum, entry in
      guard case .notSafe(let reason, _) = entry.key, reason != .noUnwindRow else { return sum }
      return sum + entry.value
    }
  }

  /// Where walks stopped, and how often.
  func notSafe() -> [(reason: String, count: Int)] {
    verdicts.compactMap { verdict, count in
      guard case .notSafe(let reason, let name) = verdict else { return nil }
      return ("\(reason.rawValue) in \(name)", count)
    }.sorted { $0.reason < $1.reason }
  }

  /// Where gdb stopped too early, and how often.
  func debuggerStopped() -> [(reason: String, count: Int)] {
    verdicts.compactMap { verdict, count in
      guard case .debuggerStopped(let name) = verdict else { return nil }
      return (name, count)
    }.sorted { $0.reason < $1.reason }
  }
}
