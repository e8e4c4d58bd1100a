import ByteCoding
package import Unwinding
package import VersionSpace

/// Which implementation of which procedure an address lies in.
package struct CodeMap: Sendable {
  private let entries: [(range: Range<UInt64>, implementation: Int)]

  package init(_ implementations: [Implementation]) {
    var entries: [(range: Range<UInt64>, implementation: Int)] = []
    for (index, implementation) in implementations.enumerated() {
      for part in implementation.parts where !part.isEmpty { entries.append((part, index)) }
    }
    entries.sort { $0.range.lowerBound < $1.range.lowerBound }
    self.entries = entries
  }

  /// The index of the implementation whose code contains `address`.
  package func implementation(at address: TraceeAddress) -> Int? {
    let next = entries.partitioningIndex { $0.range.lowerBound > address.rawValue }
    guard next > 0, entries[next - 1].range.contains(address.rawValue) else { return nil }
    return entries[next - 1].implementation
  }
}

/// A frame of a thread, as far as an update cares.
package struct ProgramFrame: Hashable, Sendable {
  package var tid: Int32
  package var implementation: Int
  package var procedure: ProcedureID
  package var lookupAddress: TraceeAddress
  package var returnAddressSlot: TraceeAddress?
  package var returnAddress: TraceeAddress?
  /// Counted from the innermost frame of the thread, 0 first.
  package var depth: Int
  package var isResident: Bool

  package init(
    tid: Int32, implementation: Int, procedure: ProcedureID, lookupAddress: TraceeAddress,
    returnAddressSlot: TraceeAddress?, returnAddress: TraceeAddress?, depth: Int, isResident: Bool
  ) {
    self.tid = tid
    self.implementation = implementation
    self.procedure = procedure
    self.lookupAddress = lookupAddress
    self.returnAddressSlot = returnAddressSlot
    self.returnAddress = returnAddress
    self.depth = depth
    self.isResident = isResident
  }
}

/// What one stop showed of all threads' stacks.
package struct StackSurvey: Sendable {
  package private(set) var frames: [ProgramFrame] = []
  /// S without residents: the procedures that have an activation which will return.
  package private(set) var active: Set<ProcedureID> = []
  /// Those that have one which will not.
  package private(set) var resident: Set<ProcedureID> = []
  /// Threads whose stack could not be walked to its end, with why and where.
  package var notSafe: [(tid: Int32, reason: ThreadStack.Reason, at: TraceeAddress)] = []

  /// Reads `stacks` in terms of the model's procedures.
  ///
  /// Every implementation that the target holds is in `map`, so a frame outside of it is a
  /// library's or the runtime's.
  package init(stacks: [ThreadStack], map: CodeMap, model: ProgramModel) {
    frames.reserveCapacity(stacks.reduce(0) { $0 + $1.frames.count })
    for stack in stacks {
      if case .notSafe(let reason, let place) = stack.end {
        notSafe.append((stack.tid, reason, place))
      }
      var own: [ProgramFrame] = []
      for (depth, frame) in stack.frames.enumerated() {
        guard let implementation = map.implementation(at: frame.lookupAddress) else { continue }
        let caller = depth + 1 < stack.frames.count ? stack.frames[depth + 1].programCounter : nil
        own.append(
          ProgramFrame(
            tid: stack.tid, implementation: implementation,
            procedure: model.implementations[implementation].procedure,
            lookupAddress: frame.lookupAddress, returnAddressSlot: frame.returnAddressSlot,
            returnAddress: caller, depth: depth, isResident: false))
      }
      if stack.end == .outermost, let last = own.indices.last, model[own[last].procedure].isEntry {
        own[last].isResident = true
      }
      frames += own
    }
    for frame in frames {
      if frame.isResident {
        resident.insert(frame.procedure)
      } else {
        active.insert(frame.procedure)
      }
    }
  }

  /// For each procedure on a stack, innermost first, of the thread that has most of them.
  package var backtrace: [ProcedureID] {
    let byThread = Dictionary(grouping: frames, by: \.tid)
    let longest = byThread.sorted { $0.key < $1.key }.max { $0.value.count < $1.value.count }
    return longest?.value.map(\.procedure) ?? []
  }
}
