/// The rows of a table that were looked up before: many threads, and many stops, are at the same
/// places.
package struct RowMemo: Sendable {
  let table: UnwindTable
  private var known: [UInt64: UnwindRow] = [:]

  package init(_ table: UnwindTable) { self.table = table }

  mutating func row(at address: UInt64) -> UnwindRow? {
    if let row = known[address] { return row }
    guard let row = table.row(at: address) else { return nil }
    known[address] = row
    return row
  }
}
