import ByteCoding

/// The unwind information of one mapped file or of injected code.
package struct UnwindModule: Sendable {
  package var name: String
  /// Executable memory that it speaks of, in tracee addresses.
  package var codeRanges: [Range<UInt64>]
  /// `.eh_frame`, and where it lies in the tracee.
  package var ehFrame: [UInt8]
  package var ehFrameAddress: UInt64

  package init(
    name: String, codeRanges: [Range<UInt64>], ehFrame: [UInt8], ehFrameAddress: UInt64
  ) {
    self.name = name
    self.codeRanges = codeRanges
    self.ehFrame = ehFrame
    self.ehFrameAddress = ehFrameAddress
  }
}

/// Finds the unwind row for any address of a tracee; built while it runs, used while it is stopped.
package struct UnwindTable: Sendable {
  private var modules: [UnwindModule] = []
  private var commons: [CommonEntry] = []
  /// Of all modules, by rising address.
  private var entries: [FrameEntry] = []
  private var code: [Range<UInt64>] = []

  package init(_ modules: [UnwindModule] = []) {
    for module in modules { append(module) }
    sort()
  }

  /// Takes in one more module, at the price of sorting again.
  package mutating func add(_ module: UnwindModule) {
    append(module)
    sort()
  }

  private mutating func append(_ module: UnwindModule) {
    // Offsets of entries have 32 bits; so large a section is made by nobody.
    guard module.ehFrame.count < Int(UInt32.max) else { return }
    var parser = FrameParser(module, index: modules.count, firstCommon: commons.count)
    entries += parser.entries()
    commons += parser.commons
    code += module.codeRanges
    modules.append(module)
  }

  private mutating func sort() { entries.sort { $0.start < $1.start } }

  /// Whether `address` lies in code of any module.
  package func isKnownCode(_ address: UInt64) -> Bool { code.contains { $0.contains(address) } }

  /// How to unwind a frame that is at `address`; `nil` when nothing says so, or says it in a way
  /// that is not understood.
  func row(at address: UInt64) -> UnwindRow? {
    let next = entries.partitioningIndex { $0.start > address }
    guard next > 0, address < entries[next - 1].end else { return nil }
    let entry = entries[next - 1]
    let common = commons[entry.common]
    return FrameInterpreter(
      module: modules[common.module], entry: entry, common: common
    ).row(at: address)
  }

  /// The bytes that the blocks of `row` lie in.
  func expressions(of row: UnwindRow) -> [UInt8] { modules[row.module].ehFrame }
}
