import ByteCoding
package import ObjectModel

/// An object in a program that `pupcc` did not compile: from assembly, from C++, or by gcc.
package struct UnpreparedObject: Hashable, Sendable, Codable {
  /// As it was named, or `ARCHIVE(MEMBER)`.
  package var name: String
  /// Of what the linker loads of it, as hexadecimal digits.
  package var digest: String

  /// `nil` for one that was prepared.
  package init?(_ object: ObjectFile, name: String) {
    guard object.section(named: PreparedName.objectNote) == nil else { return nil }
    self.name = name
    var writer = ByteWriter()
    for id in object.sectionIDs where object[id].isAllocated && object[id].type != .note {
      Self.append(id, of: object, to: &writer)
    }
    let identity = ObjectIdentity(of: writer.bytes)
    digest = identity.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func append(
    _ id: SectionID, of object: ObjectFile, to writer: inout ByteWriter
  ) {
    let section = object[id]
    writer.appendCString(section.name)
    writer.append(UInt64(section.byteCount))
    writer.append(contentsOf: section.contents)
    for relocation in section.relocations {
      writer.append(relocation.offset)
      writer.append(relocation.type.rawValue)
      writer.append(relocation.addend)
      guard let symbol = relocation.symbol.map({ object[$0] }) else { continue }
      writer.appendCString(symbol.name)
      writer.append(symbol.value)
      if case .section(let target) = symbol.place { writer.appendCString(object[target].name) }
    }
    for symbol in object.symbols where symbol.place == .section(id) && symbol.binding != .local {
      writer.appendCString(symbol.name)
      writer.append(symbol.value)
    }
  }
}
