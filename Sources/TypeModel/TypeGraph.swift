/// C types as a graph of values; ids are indices into one graph and mean nothing in another.
package struct TypeGraph: Hashable, Sendable, Codable {
  /// Indexed by `TypeID`.
  package var types: [CType]

  package init(types: [CType] = []) { self.types = types }

  package subscript(_ id: TypeID) -> CType {
    get { types[id.rawValue] }
    set { types[id.rawValue] = newValue }
  }

  package mutating func append(_ type: CType) -> TypeID {
    types.append(type)
    return TypeID(rawValue: types.count - 1)
  }
}

package struct TypeID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One C type (C17 6.2.5).
package enum CType: Hashable, Sendable, Codable {
  case void
  case base(name: String, encoding: BaseEncoding, byteCount: Int)
  case pointer(to: TypeID)
  /// `count` is `nil` for a flexible or incomplete array.
  case array(of: TypeID, count: Int?)
  case structure(Composite)
  case union(Composite)
  case enumeration(Enumeration)
  case typedef(name: String, of: TypeID)
  case qualified(Qualifier, of: TypeID)
  case function(Prototype)
}

package enum BaseEncoding: String, Hashable, Sendable, Codable {
  case signed, unsigned, signedCharacter, unsignedCharacter, boolean, float, complexFloat
}

package enum Qualifier: String, Hashable, Sendable, Codable {
  case const, volatile, restrict, atomic
}

/// A struct or union.
package struct Composite: Hashable, Sendable, Codable {
  /// The tag; `nil` when anonymous.
  package var tag: String?
  /// 0 when incomplete.
  package var byteCount: Int
  package var members: [Member]
  /// False for `struct S;` without a body in the unit.
  package var isComplete: Bool
  package var declaredAt: SourceLine?

  package init(
    tag: String?, byteCount: Int, members: [Member], isComplete: Bool = true,
    declaredAt: SourceLine? = nil
  ) {
    self.tag = tag
    self.byteCount = byteCount
    self.members = members
    self.isComplete = isComplete
    self.declaredAt = declaredAt
  }
}

package struct Member: Hashable, Sendable, Codable {
  /// `nil` for an anonymous struct or union member.
  package var name: String?
  package var type: TypeID
  /// From the start of the composite, in bits.
  package var bitOffset: Int
  /// Only for bit-fields.
  package var bitWidth: Int?

  package init(name: String?, type: TypeID, bitOffset: Int, bitWidth: Int? = nil) {
    self.name = name
    self.type = type
    self.bitOffset = bitOffset
    self.bitWidth = bitWidth
  }
}

package struct Enumeration: Hashable, Sendable, Codable {
  package var tag: String?
  package var byteCount: Int
  package var constants: [Constant]

  package struct Constant: Hashable, Sendable, Codable {
    package var name: String
    package var value: Int64
    package init(name: String, value: Int64) {
      self.name = name
      self.value = value
    }
  }

  package init(tag: String?, byteCount: Int, constants: [Constant]) {
    self.tag = tag
    self.byteCount = byteCount
    self.constants = constants
  }
}

/// What a function takes and gives.
package struct Prototype: Hashable, Sendable, Codable {
  package var result: TypeID
  package var parameters: [Parameter]
  package var isVariadic: Bool

  package struct Parameter: Hashable, Sendable, Codable {
    package var name: String?
    package var type: TypeID
    package init(name: String?, type: TypeID) {
      self.name = name
      self.type = type
    }
  }

  package init(result: TypeID, parameters: [Parameter], isVariadic: Bool = false) {
    self.result = result
    self.parameters = parameters
    self.isVariadic = isVariadic
  }
}

/// A place in a source file, as the compiler recorded it; lines count from 1.
package struct SourceLine: Hashable, Sendable, Codable {
  package var file: String
  package var line: Int
  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}
