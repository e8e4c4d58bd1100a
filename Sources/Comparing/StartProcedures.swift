import ObjectModel
import Relinking

/// The procedures that only the start or the end of a program calls: constructors and destructors
/// (gABI "Initialization and Termination Functions").
struct StartProcedures {
  /// `constructor` or `destructor`, by index in the delta.
  private(set) var kinds: [Int: String] = [:]

  init(_ image: ImageIndex) {
    for unit in image.image.delta.units.indices {
      for section in image.image.object(of: unit).sections {
        let kind: String
        switch section.type {
        case .initArray, .preinitArray: kind = "constructor"
        case .finiArray: kind = "destructor"
        default: continue
        }
        for relocation in section.relocations {
          if case .procedure(let index) = image.reference(of: relocation, unit: unit, tail: 0) {
            kinds[index] = kind
          }
        }
      }
    }
  }
}
