import ByteCoding
import TypeModel
package import VersionSpace

/// An array whose coded form is a few long strings instead of a tree.
@propertyWrapper
package struct Packed<Element: PackedElement>: Hashable, Sendable, Codable {
  package var wrappedValue: [Element]

  package init(wrappedValue: [Element]) { self.wrappedValue = wrappedValue }

  package func encode(to encoder: any Encoder) throws {
    try Element.packed(wrappedValue).encode(to: encoder)
  }

  package init(from decoder: any Decoder) throws {
    wrappedValue = try Element.unpacked(try Element.Form(from: decoder))
  }
}

package protocol PackedElement: Hashable, Sendable {
  associatedtype Form: Codable
  static func packed(_ all: [Self]) -> Form
  /// - Throws: when `form` is none that `packed` makes.
  static func unpacked(_ form: Form) throws -> [Self]
}

extension ProcedureRecord: PackedElement {
  package struct Form: Codable {
    var names: [String] = []
    /// Each that occurs, once.
    var conventions: [CallingConvention] = []
    var numbers = PackedNumbers()
  }

  package static func packed(_ all: [ProcedureRecord]) -> Form {
    var form = Form()
    var known: [CallingConvention: Int] = [:]
    for record in all {
      form.names.append(record.name)
      form.numbers.append(record.id.rawValue)
      form.numbers.append(record.isEntry)
      form.numbers.append(record.epoch)
      form.numbers.append(record.implementation)
      form.numbers.append(record.reached ?? -1)
      form.numbers.append(UInt64(record.epochs.count))
      for epoch in record.epochs {
        let number = known[epoch.convention] ?? known.count
        if known.updateValue(number, forKey: epoch.convention) == nil {
          form.conventions.append(epoch.convention)
        }
        form.numbers.append(number)
        form.numbers.append(epoch.trampoline.rawValue)
        form.numbers.append(epoch.slot.rawValue)
      }
    }
    return form
  }

  package static func unpacked(_ form: Form) throws -> [ProcedureRecord] {
    try form.numbers.read { reader in
      try form.names.map { name in
        var record = ProcedureRecord(
          id: ProcedureID(rawValue: try reader.integer()), name: name,
          isEntry: try reader.flag(), epochs: [], epoch: try reader.integer(),
          implementation: try reader.integer())
        let reached = try reader.integer()
        record.reached = reached < 0 ? nil : reached
        for _ in 0..<(try reader.count()) {
          let number = try reader.integer()
          guard form.conventions.indices.contains(number) else { throw PackedFailure() }
          record.epochs.append(
            Epoch(
              convention: form.conventions[number],
              trampoline: TraceeAddress(rawValue: try reader.number()),
              slot: TraceeAddress(rawValue: try reader.number())))
        }
        return record
      }
    }
  }
}

extension Implementation: PackedElement {
  package struct Form: Codable { var numbers = PackedNumbers() }

  package static func packed(_ all: [Implementation]) -> Form {
    var form = Form()
    form.numbers.append(UInt64(all.count))
    for implementation in all {
      form.numbers.append(implementation.procedure.rawValue)
      form.numbers.append(implementation.version.rawValue)
      form.numbers.append(implementation.key != nil)
      if let key = implementation.key {
        form.numbers.append(key.high)
        form.numbers.append(key.low)
      }
      form.numbers.append(UInt64(implementation.parts.count))
      for part in implementation.parts {
        form.numbers.append(part.lowerBound)
        form.numbers.append(part.upperBound - part.lowerBound)
      }
    }
    return form
  }

  package static func unpacked(_ form: Form) throws -> [Implementation] {
    try form.numbers.read { reader in
      try (0..<(try reader.count())).map { _ in
        let procedure = ProcedureID(rawValue: try reader.integer())
        let version = VersionNumber(rawValue: try reader.integer())
        let key =
          try reader.flag()
          ? ContentKey(high: try reader.number(), low: try reader.number()) : nil
        let parts = try (0..<(try reader.count())).map { _ in try reader.range() }
        return Implementation(procedure: procedure, version: version, parts: parts, key: key)
      }
    }
  }
}

extension Binding.Procedure: PackedElement {
  package struct Form: Codable { var numbers = PackedNumbers() }

  package static func packed(_ all: [Binding.Procedure]) -> Form {
    var form = Form()
    form.numbers.append(UInt64(all.count))
    for procedure in all {
      form.numbers.append(procedure.id.rawValue)
      form.numbers.append(procedure.trampoline.rawValue)
      form.numbers.append(procedure.slot.rawValue)
      form.numbers.append(procedure.implementation)
    }
    return form
  }

  package static func unpacked(_ form: Form) throws -> [Binding.Procedure] {
    try form.numbers.read { reader in
      try (0..<(try reader.count())).map { _ in
        Binding.Procedure(
          id: ProcedureID(rawValue: try reader.integer()),
          trampoline: TraceeAddress(rawValue: try reader.number()),
          slot: TraceeAddress(rawValue: try reader.number()),
          implementation: try reader.integer())
      }
    }
  }
}

extension UInt64: PackedElement {
  package struct Form: Codable { var numbers = PackedNumbers() }

  package static func packed(_ all: [UInt64]) -> Form {
    var form = Form()
    form.numbers.append(UInt64(all.count))
    for number in all { form.numbers.append(number) }
    return form
  }

  package static func unpacked(_ form: Form) throws -> [UInt64] {
    try form.numbers.read { reader in
      try (0..<(try reader.count())).map { _ in try reader.number() }
    }
  }
}

/// Where data of all versions lie, of which many have one layout.
@propertyWrapper
package struct PackedStorages: Hashable, Sendable, Codable {
  package var wrappedValue: [StorageKey: TraceeAddress]

  package init(wrappedValue: [StorageKey: TraceeAddress]) { self.wrappedValue = wrappedValue }

  private struct Form: Codable {
    var identities: [String] = []
    var layouts: [String] = []
    var numbers = PackedNumbers()
  }

  package func encode(to encoder: any Encoder) throws {
    var form = Form()
    var known: [String: Int] = [:]
    for (key, address) in wrappedValue {
      let number = known[key.layout] ?? known.count
      if known.updateValue(number, forKey: key.layout) == nil { form.layouts.append(key.layout) }
      form.identities.append(key.identity)
      form.numbers.append(number)
      form.numbers.append(address.rawValue)
    }
    try form.encode(to: encoder)
  }

  package init(from decoder: any Decoder) throws {
    let form = try Form(from: decoder)
    wrappedValue = try form.numbers.read { reader in
      var result: [StorageKey: TraceeAddress] = [:]
      result.reserveCapacity(form.identities.count)
      for identity in form.identities {
        let number = try reader.integer()
        guard form.layouts.indices.contains(number) else { throw PackedFailure() }
        result[StorageKey(identity: identity, layout: form.layouts[number])] =
          TraceeAddress(rawValue: try reader.number())
      }
      return result
    }
  }
}

/// δ, of which only the journal needs the whole.
@propertyWrapper
package struct PackedCalls: Hashable, Sendable, Codable {
  package var wrappedValue: [ProcedureID: [ProcedureID]]

  package init(wrappedValue: [ProcedureID: [ProcedureID]]) { self.wrappedValue = wrappedValue }

  package func encode(to encoder: any Encoder) throws {
    var numbers = PackedNumbers()
    numbers.append(UInt64(wrappedValue.count))
    for (caller, callees) in wrappedValue {
      numbers.append(caller.rawValue)
      numbers.append(UInt64(callees.count))
      for callee in callees { numbers.append(callee.rawValue) }
    }
    try numbers.encode(to: encoder)
  }

  package init(from decoder: any Decoder) throws {
    wrappedValue = try PackedNumbers(from: decoder).read { reader in
      var result: [ProcedureID: [ProcedureID]] = [:]
      for _ in 0..<(try reader.count()) {
        let caller = ProcedureID(rawValue: try reader.integer())
        result[caller] = try (0..<(try reader.count())).map { _ in
          ProcedureID(rawValue: try reader.integer())
        }
      }
      return result
    }
  }
}
