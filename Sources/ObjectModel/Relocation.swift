/// A RELA relocation (x86-64 psABI section 4.4).
package struct Relocation: Hashable, Sendable {
  /// Bytes from the start of the section it applies to.
  package var offset: UInt64
  package var type: RelocationType
  package var symbol: SymbolID?
  package var addend: Int64

  package init(offset: UInt64, type: RelocationType, symbol: SymbolID?, addend: Int64) {
    self.offset = offset
    self.type = type
    self.symbol = symbol
    self.addend = addend
  }
}

/// The x86-64 relocation types that a compiler or assembler emits; others keep their number.
package struct RelocationType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let none = RelocationType(rawValue: 0)
  package static let absolute64 = RelocationType(rawValue: 1)
  package static let pc32 = RelocationType(rawValue: 2)
  package static let got32 = RelocationType(rawValue: 3)
  package static let plt32 = RelocationType(rawValue: 4)
  package static let gotPCRelative = RelocationType(rawValue: 9)
  package static let absolute32 = RelocationType(rawValue: 10)
  package static let absolute32Signed = RelocationType(rawValue: 11)
  package static let absolute16 = RelocationType(rawValue: 12)
  package static let pc16 = RelocationType(rawValue: 13)
  package static let absolute8 = RelocationType(rawValue: 14)
  package static let pc8 = RelocationType(rawValue: 15)
  package static let dtpOffset64 = RelocationType(rawValue: 17)
  package static let tpOffset64 = RelocationType(rawValue: 18)
  package static let tlsGD = RelocationType(rawValue: 19)
  package static let tlsLD = RelocationType(rawValue: 20)
  package static let dtpOffset32 = RelocationType(rawValue: 21)
  package static let gotTPOffset = RelocationType(rawValue: 22)
  package static let tpOffset32 = RelocationType(rawValue: 23)
  package static let pc64 = RelocationType(rawValue: 24)
  package static let gotOffset64 = RelocationType(rawValue: 25)
  package static let gotPC32 = RelocationType(rawValue: 26)
  package static let size32 = RelocationType(rawValue: 32)
  package static let size64 = RelocationType(rawValue: 33)
  package static let tlsDescriptorPC32 = RelocationType(rawValue: 34)
  package static let tlsDescriptorCall = RelocationType(rawValue: 35)
  package static let gotPCRelativeRelaxable = RelocationType(rawValue: 41)
  package static let gotPCRelativeRelaxableREX = RelocationType(rawValue: 42)

  /// The bytes that the relocation fills, or `nil` for a type not listed above.
  package var fieldByteCount: Int? {
    switch self {
    case .none, .tlsDescriptorCall: 0
    case .absolute8, .pc8: 1
    case .absolute16, .pc16: 2
    case .absolute64, .dtpOffset64, .tpOffset64, .pc64, .gotOffset64, .size64: 8
    case .pc32, .got32, .plt32, .gotPCRelative, .absolute32, .absolute32Signed, .tlsGD, .tlsLD,
      .dtpOffset32, .gotTPOffset, .tpOffset32, .gotPC32, .size32, .gotPCRelativeRelaxable,
      .gotPCRelativeRelaxableREX, .tlsDescriptorPC32:
      4
    default: nil
    }
  }

  /// Whether the value is relative to the place that is filled.
  package var isPCRelative: Bool {
    switch self {
    case .pc8, .pc16, .pc32, .pc64, .plt32, .gotPCRelative, .gotPCRelativeRelaxable,
      .gotPCRelativeRelaxableREX, .gotPC32, .gotTPOffset, .tlsGD, .tlsLD, .tlsDescriptorPC32:
      true
    default: false
    }
  }

  /// Whether the field holds the distance to a GOT entry of the symbol instead of to the symbol.
  package var isThroughGOT: Bool {
    switch self {
    case .gotPCRelative, .gotPCRelativeRelaxable, .gotPCRelativeRelaxableREX, .gotTPOffset, .got32:
      true
    default: false
    }
  }

  package var description: String { "R_X86_64_\(rawValue)" }
}
