import Comparing
import Relinking
import VersionSpace
import X86Code

extension Planner {
  /// The elements of shared data whose initialiser changed, as values in the target.
  func plannedData(
    _ linker: inout Linker<Decoder>, _ groups: [PlannedGroup]
  ) throws(LinkFailure) -> [PlannedDatum] {
    var result: [PlannedDatum] = []
    for change in changes.data {
      guard case .reinitialise(let elements) = change.action, let newIndex = change.new,
        let oldIndex = change.old
      else { continue }
      let address = TraceeAddress(rawValue: linker.binding.data[newIndex])
      var oldLinker = Linker(
        index: old, decoder: decoder, binding: model.binding, model: linker.model,
        tlsByteCount: tlsByteCount, foreign: linker.foreign)
      let oldValue = try oldLinker.initialValue(ofDatum: oldIndex, at: address)
      linker.model = oldLinker.model
      linker.injection.writes += oldLinker.injection.writes
      let newValue = try linker.initialValue(ofDatum: newIndex, at: address)
      let group = changes.groups.firstIndex { $0.reason == .datum(change.name) }
      result.append(
        PlannedDatum(
          name: change.name,
          elements: elements.compactMap { element in
            let range = Int(element.offset)..<(Int(element.offset) + element.newBytes.count)
            guard range.upperBound <= oldValue.count, range.upperBound <= newValue.count,
              let place = address.advanced(by: Int64(element.offset))
            else { return nil }
            return .init(address: place, old: Array(oldValue[range]), new: Array(newValue[range]))
          }, group: group,
          isForced: elements.contains(where: \.isForced)))
    }
    return result
  }

  /// What the update does to static data, and what it leaves undone, for people.
  func remarks() -> [String] {
    changes.notRun.map { "\($0) does not run: the program has begun already" }
      + dataRemarks()
  }

  private func dataRemarks() -> [String] {
    changes.data.compactMap { change in
      switch change.action {
      case .share, .reinitialise: nil
      case .create: change.old == nil ? "new \(change.name)" : "new content \(change.name)"
      case .map(let name): "map \(change.name) by \(name)"
      case .remove: "gone \(change.name)"
      }
    }
  }
}
