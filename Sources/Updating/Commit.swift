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
    var pages: [UInt64: [SlotStore]] = [:]
    for store in stores { pages[store.slot.rawValue / 4096, default: []].append(store) }
    var writes: [Injection.Write] = []
    for page in pages.keys.sorted() {
      let inPage = (pages[page] ?? []).sorted { $0.slot < $1.slot }
      guard let first = inPage.first?.slot, let last = inPage.last?.slot else { continue }
      let count = Int(last.rawValue - first.rawValue) + 8
      var bytes: [UInt8]
      do throws(TraceeFailure) {
        bytes = try memory.bytes(at: first, byteCount: count)
      } catch {
        throw .tracee(error)
      }
      for store in inPage {
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
