package import ObjectModel
package import VersionSpace

/// Bytes to write into the target's arenas before any slot leads to them.
package struct Injection: Hashable, Sendable {
  package var writes: [Write] = []
  /// Code that needs unwind rows.
  package var code: [PlacedCode] = []

  package init() {}

  package struct Write: Hashable, Sendable, Codable {
    package var address: TraceeAddress
    package var bytes: [UInt8]
    package init(address: TraceeAddress, bytes: [UInt8]) {
      self.address = address
      self.bytes = bytes
    }
  }

  /// A run of code of an embedded object and where it was put.
  package struct PlacedCode: Hashable, Sendable {
    package var unit: Int
    package var section: SectionID
    package var offset: UInt64
    package var byteCount: UInt64
    package var address: TraceeAddress
  }

  package var byteCount: Int { writes.reduce(0) { $0 + $1.bytes.count } }
}
