import ObjectModel
import Relinking
import TypeModel

/// The sets that the linker gathers: data in a section S between `__start_S` and `__stop_S`.
///
/// A set lies where the program was linked and cannot grow, shrink or move there; code of either
/// version goes through what was there at the beginning.
struct LinkerSets {
  let old: ProgramView
  let new: ProgramView
  let pairing: Pairing
  let names: ProgramNames
  let actions: [DatumChange.Action]

  /// One refusal for each set of which an element is new, gone or elsewhere.
  func refusals() -> [Refusal] {
    let sets = Self.used(in: old).union(Self.used(in: new))
    guard !sets.isEmpty else { return [] }
    var refused: Set<String> = []
    return pairing.data.pairs.indices.compactMap { index in
      switch actions[index] {
      case .share, .reinitialise: return nil
      case .create, .map, .remove: break
      }
      let pair = pairing.data.pairs[index]
      guard let set = section(old, pair.old) ?? section(new, pair.new), sets.contains(set),
        refused.insert(set).inserted
      else { return nil }
      let view = pair.new == nil ? old : new
      guard let datum = pair.new ?? pair.old else { return nil }
      let place = view.delta.data[datum].declaredAt
      return .unsupported(
        what: "‘\(names.data[index])’ changes the section \(set), which the program goes through"
          + " from __start_\(set) on, and which stays as it was linked",
        unit: place.file.isEmpty
          ? view.delta.units[view.delta.data[datum].unit].path : place.text)
    }
  }

  private func section(_ view: ProgramView, _ datum: Int?) -> String? {
    guard let datum, let section = view.delta.data[datum].section else { return nil }
    return view.image.object(of: view.delta.data[datum].unit)[section].name
  }

  /// The sections whose bounds an object asks the linker for.
  private static func used(in view: ProgramView) -> Set<String> {
    var sets: Set<String> = []
    for object in view.image.objects {
      for symbol in object.symbols where symbol.place == .undefined {
        for bound in ["__start_", "__stop_"] where symbol.name.hasPrefix(bound) {
          sets.insert(String(symbol.name.dropFirst(bound.count)))
        }
      }
    }
    return sets
  }
}
