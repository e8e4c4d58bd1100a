/// An ELF symbol (gABI "Symbol Table").
package struct Symbol: Hashable, Sendable {
  /// Empty for section symbols.
  package var name: String
  package var binding: Binding
  package var type: Kind
  package var visibility: Visibility
  package var place: Place
  /// The offset in its section in a relocatable object; an address otherwise; the alignment of a
  /// common symbol.
  package var value: UInt64
  package var byteCount: UInt64

  package init(
    name: String, binding: Binding, type: Kind, visibility: Visibility = .default, place: Place,
    value: UInt64 = 0, byteCount: UInt64 = 0
  ) {
    self.name = name
    self.binding = binding
    self.type = type
    self.visibility = visibility
    self.place = place
    self.value = value
    self.byteCount = byteCount
  }

  package enum Binding: UInt8, Hashable, Sendable {
    case local = 0, global = 1, weak = 2, unique = 10
  }
  package enum Kind: UInt8, Hashable, Sendable {
    case none = 0
    case object = 1
    case function = 2
    case section = 3
    case file = 4
    case common = 5
    case threadLocal = 6
    case indirectFunction = 10
  }
  package enum Visibility: UInt8, Hashable, Sendable {
    case `default`, `internal`, hidden, protected
  }
  package enum Place: Hashable, Sendable {
    case undefined
    case absolute
    case common
    case section(SectionID)
  }

  package var isDefined: Bool { place != .undefined }
}
