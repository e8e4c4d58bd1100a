package import PupProtocol
import Tracee
import Unwinding
import Updating
import VersionSpace

/// Turns walked stacks into what people and programs read.
struct StackDescription {
  let sight: Sight
  let progress: UpdateProgress
  private let places: CodePlaces
  private let map: CodeMap
  private var code: MappedCode

  /// The most frames of one thread that are sent, and how many of them are its outermost ones.
  private static let limit = (all: 1000, outermost: 10)

  /// - Throws: when the target has ended.
  init(_ sight: Sight, _ progress: UpdateProgress) throws(TraceeFailure) {
    self.sight = sight
    self.progress = progress
    places = CodePlaces(model: sight.model, versions: sight.versions)
    map = CodeMap(sight.model.implementations)
    code = try MappedCode(of: sight.target)
  }

  mutating func threads(_ stacks: [ThreadStack]) -> [ThreadReport] {
    let survey = StackSurvey(stacks: stacks, map: map, model: sight.model)
    var residents: [Int32: Int] = [:]
    for frame in survey.frames where frame.isResident { residents[frame.tid] = frame.depth }
    return stacks.map { thread($0, resident: residents[$0.tid]) }
  }

  private mutating func thread(_ stack: ThreadStack, resident: Int?) -> ThreadReport {
    var frames: [FrameReport] = []
    for (depth, frame) in stack.frames.enumerated() {
      var next = self.frame(frame)
      next.isResident = depth == resident
      if let last = frames.last, last.isAlike(next) {
        frames[frames.count - 1].count += 1
      } else {
        frames.append(next)
      }
    }
    var report = ThreadReport(
      tid: Int(stack.tid),
      name: ProcessFacts.name(ofThread: stack.tid, of: sight.target.pid), frames: frames)
    if frames.count > Self.limit.all {
      let end = frames.count - Self.limit.outermost
      let begin = Self.limit.all - Self.limit.outermost
      report.omitted = frames[begin..<end].reduce(0) { $0 + $1.count }
      report.frames.removeSubrange(begin..<end)
    }
    if case .notSafe(let reason, let address) = stack.end {
      report.notSafe = "\(reason.sentence) at \(place(address))"
    }
    return report
  }

  private mutating func frame(_ frame: ThreadStack.Frame) -> FrameReport {
    let address = frame.lookupAddress
    if let place = places.place(of: address) { return self.frame(place, at: address) }
    let found = code.place(of: address)
    var report = FrameReport(
      kind: kind(frame, found), offset: Int(clamping: found?.offset ?? 0), address: "\(address)")
    report.symbol = found?.symbol
    report.object = found?.object
    return report
  }

  private func kind(_ frame: ThreadStack.Frame, _ place: MappedCode.Place?) -> FrameReport.Kind {
    let descriptor = sight.model.descriptor
    let gatesEnd = descriptor.gates + UInt64(descriptor.gateCount) * descriptor.gateStride
    if (descriptor.gates..<gatesEnd).contains(frame.programCounter.rawValue) { return .gate }
    if frame.isSignalFrame { return .signal }
    guard place != nil else { return .unknown }
    return code.isOfProgram(frame.lookupAddress) ? .program : .library
  }

  private func frame(_ place: CodePlace, at address: TraceeAddress) -> FrameReport {
    var report = FrameReport(
      kind: .procedure, offset: Int(clamping: place.offset), address: "\(address)")
    report.procedure = sight.model[place.procedure].name
    report.symbol = place.symbol
    report.inlined = place.inlined
    report.version = sight.model.implementations[place.implementation].version.rawValue
    report.isOld = sight.current(place.procedure, after: progress) != place.implementation
    report.file = place.file
    report.line = place.line
    return report
  }

  /// An address in words.
  private mutating func place(_ address: TraceeAddress) -> String {
    func distance(_ offset: UInt64) -> String { "+0x" + String(offset, radix: 16) }
    if let own = places.place(of: address) { return own.symbol + distance(own.offset) }
    guard let found = code.place(of: address) else { return "\(address)" }
    return found.symbol.map { "\($0)\(distance(found.offset)) in \(found.object)" }
      ?? found.object + distance(found.offset)
  }
}

extension FrameReport {
  /// Whether another activation is at the same place.
  fileprivate func isAlike(_ other: FrameReport) -> Bool {
    address == other.address && isResident == other.isResident
  }
}

extension Program {
  package func stack() async throws(ServiceFailure) -> StackReport {
    let sight = try sight()
    let stopped = try await sight.look()
    let progress = await sight.state().progress
    do throws(TraceeFailure) {
      var description = try StackDescription(sight, progress)
      return StackReport(
        program: name, pid: Int(sight.target.pid), version: currentVersion,
        pauseMicroseconds: stopped.times.stoppedMicroseconds,
        threads: description.threads(stopped.outcome))
    } catch {
      throw ServiceFailure(.tracee(error, pid: sight.target.pid))
    }
  }
}
