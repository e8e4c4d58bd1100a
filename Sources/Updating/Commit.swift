import ByteCoding
package import VersionSpace

/// The stores of one stop, in the order in which they are made (design: "Order of commit").
package enum Commit {
  /// Gathers slot stores into one write per page; words between them are rewritten as they are.
  ///
  /// - Throws: when a slot cannot be read, or does not hold what the model says.
  package static func slotWrites(
    _ stores: [SlotStore], memory: borrowing some TraceeMemory & ~Copyable
  ) throws(CommitFailure) -> [Injection.Write] {
    let stores = stores.sorted { $0.slot < $1.slot }
    var writes: [Injection.Write] = []
    var rest = stores[...]
    while let first = rest.first?.slot {
      let page = rest.prefix { $0.slot.rawValue / 4096 == first.rawValue / 4096 }
      rest = rest.dropFirst(page.count)
      guard let last = page.last?.slot else { break }
      var bytes: [UInt8]
      do throws(TraceeFailure) {
        bytes = try memory.bytes(at: first, byteCount: Int(last.rawValue - first.rawValue) + 8)
      } catch {
        throw .tracee(error)
      }
      for store in page {
        let offset = Int(store.slot.rawValue - first.rawValue)
        let found = bytes.word64(offset)
        guard found == store.old || found == store.new else {
          throw .slotChanged(store.slot, expected: store.old, found: found)
        }
        bytes.replaceSubrange(offset..<(offset + 8), with: store.new.littleEndianBytes)
      }
      writes.append(Injection.Write(address: first, bytes: bytes))
    }
    return writes
  }
}

package enum CommitFailure: Error, Hashable, Sendable {
  case tracee(TraceeFailure)
  /// A table slot does not hold what the model says: somebody else wrote it.
  case slotChanged(TraceeAddress, expected: UInt64, found: UInt64)
  /// A direct call leads neither to its procedure's first body nor to the trampoline.
  case siteChanged(TraceeAddress)
  /// A slot does not hold what was just written to it.
  case notWritten(TraceeAddress)
}
