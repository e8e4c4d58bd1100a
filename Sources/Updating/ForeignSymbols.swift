package import VersionSpace

/// Finds symbols that no prepared unit defines.
///
/// In the program itself, then in its libraries in the order in which the dynamic linker searches
/// them. Runs no code in the target.
package struct ForeignSymbols: Sendable {
  /// The program's own symbols (`.symtab`), which a COPY relocation makes win over a library's.
  private let own: [String: Own]
  /// The program, if it has a dynamic section, and its libraries.
  private let objects: [LoadedObject]
  private let bias: LoadBias

  /// Without the program itself.
  var libraries: ArraySlice<LoadedObject> { objects.dropFirst() }

  func isOwn(_ name: String) -> Bool { own[name] != nil }

  /// A symbol that the program's own file defines.
  package struct Own: Hashable, Sendable {
    package var address: TraceeAddress
    /// STT_ value.
    package var kind: UInt8
    package init(address: TraceeAddress, kind: UInt8) {
      self.address = address
      self.kind = kind
    }
  }

  /// `own`: what the program's file defines, at tracee addresses.
  ///
  /// `dynamic`: the program's dynamic section; `nil` for a static program.
  package init(
    own: [String: Own], dynamic: TraceeAddress?, bias: LoadBias,
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) {
    self.own = own
    self.bias = bias
    guard let dynamic else {
      objects = []
      return
    }
    let program = try LoadedObject(
      name: "", bias: bias.rawValue, dynamic: dynamic, memory: memory)
    var objects = [program]
    if let debug = program.debugAddress {
      objects += try Self.libraries(debug: debug, memory: memory)
    }
    self.objects = objects
  }

  /// Walks `struct link_map` from the second entry; the first is the program.
  private static func libraries(
    debug: UInt64, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> [LoadedObject] {
    var result: [LoadedObject] = []
    var place = try memory.word(at: TraceeAddress(rawValue: debug &+ 8))
    while place != 0, result.count < 4096 {
      let map = try memory.bytes(at: TraceeAddress(rawValue: place), byteCount: 40)
      if place != 0, map.word64(16) != 0 {
        result.append(
          try LoadedObject(
            name: "", bias: map.word64(0), dynamic: TraceeAddress(rawValue: map.word64(16)),
            memory: memory))
      }
      place = map.word64(24)
    }
    return Array(result.dropFirst())
  }

  /// The address of `name` as a call or a GOT entry needs it, or `nil` if nothing defines it.
  ///
  /// - Throws: `.indirect` when it is an ifunc that nobody has resolved.
  package func address(
    of name: String, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(ForeignFailure) -> TraceeAddress? {
    let found: Definition?
    do throws(TraceeFailure) {
      found = try definition(of: name, memory: memory)
    } catch {
      throw .tracee(error)
    }
    switch found {
    case nil: return nil
    case .address(let address): return address
    case .unresolvedIndirect: throw .indirect
    case .threadLocal: throw .threadLocal
    }
  }

  private enum Definition {
    case address(TraceeAddress)
    case unresolvedIndirect
    case threadLocal
  }

  private func definition(
    of name: String, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> Definition? {
    if let symbol = own[name] {
      guard symbol.kind == 10 else { return .address(symbol.address) }
      let value = try resolvedInProgram(symbol.address, memory: memory)
      return value.map(Definition.address) ?? .unresolvedIndirect
    }
    for object in objects {
      guard let symbol = try object.symbol(named: name, memory: memory) else { continue }
      switch symbol.kind {
      case 6: return .threadLocal
      case 10:
        let value = try resolved(symbol, named: name, in: object, memory: memory)
        return value.map(Definition.address) ?? .unresolvedIndirect
      default: return .address(TraceeAddress(rawValue: symbol.address))
      }
    }
    return nil
  }

  /// An ifunc's value where its library has resolved it for itself, else where any object imported it.
  private func resolved(
    _ symbol: LoadedObject.Symbol, named name: String, in owner: LoadedObject,
    memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> TraceeAddress? {
    for relocation in try owner.relocations(memory: memory)
    where relocation.type == 37 && relocation.addend == symbol.value {
      return TraceeAddress(rawValue: try memory.word(at: TraceeAddress(rawValue: relocation.place)))
    }
    for object in objects {
      for relocation in try object.relocations(memory: memory)
      where relocation.type == 6 || relocation.type == 7 {
        guard try object.symbolName(relocation.symbol, memory: memory) == name else { continue }
        return TraceeAddress(
          rawValue: try memory.word(at: TraceeAddress(rawValue: relocation.place)))
      }
    }
    return nil
  }

  /// The same for an ifunc that the program itself defines: its IRELATIVE relocations stand in its
  /// dynamic section, or where two symbols bound them if it has none.
  private func resolvedInProgram(
    _ resolver: TraceeAddress, memory: borrowing some TraceeMemory & ~Copyable
  ) throws(TraceeFailure) -> TraceeAddress? {
    var relocations = try objects.first?.relocations(memory: memory) ?? []
    if let start = own["__rela_iplt_start"]?.address, let end = own["__rela_iplt_end"]?.address,
      start < end, end.rawValue - start.rawValue < 1 << 20
    {
      let bytes = try memory.bytes(at: start, byteCount: Int(end.rawValue - start.rawValue))
      relocations += LoadedObject.relocations(bytes, bias: bias.rawValue)
    }
    let wanted = resolver.rawValue &- bias.rawValue
    for relocation in relocations where relocation.type == 37 && relocation.addend == wanted {
      return TraceeAddress(rawValue: try memory.word(at: TraceeAddress(rawValue: relocation.place)))
    }
    return nil
  }
}

package enum ForeignFailure: Error, Hashable, Sendable {
  /// An ifunc whose value nobody has computed yet.
  case indirect
  /// A thread-local variable of a library.
  case threadLocal
  case tracee(TraceeFailure)
}
