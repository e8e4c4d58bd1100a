
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
  private var modules: [FrameIndex] = []
  private var code: [Range<UInt64>] = []

  package init(_ modules: [UnwindModule] = []) {
    for module in modules { add(module) }
  }

  package mutating func add(_ module: UnwindModule) {
    modules.append(FrameIndex(module))
    code += module.codeRanges
  }

  /// Whether `address` lies in code of any module.
  package func isKnownCode(_ address: UInt64) -> Bool { code.contains { $0.contains(address) } }

  /// How to unwind a frame that is at `address`; `nil` when nothing says so.
  func row(at address: UInt64) -> UnwindRow? {
    for module in modules {
      if let row = module.row(at: address) { return row }
    }
    return nil
  }
}

/// One module's frame descriptions, sorted by address.
struct FrameIndex: Sendable {
  private let module: UnwindModule
  private var entries: [Entry] = []

  struct Entry {
    var start: UInt64
    var end: UInt64
    /// Of the description's instructions in `.eh_frame`.
    var instructions: Range<Int>
    var common: CommonEntry
  }

  init(_ module: UnwindModule) {
    self.module = module
    var parser = FrameParser(module)
    entries = parser.entries().sorted { $0.start < $1.start }
  }

  func row(at address: UInt64) -> UnwindRow? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].start <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address < entries[low - 1].end else { return nil }
    let entry = entries[low - 1]
    return FrameInterpreter(module: module, entry: entry).row(at: address)
  }
}

/// A CIE (LSB "Exception Frames").
struct CommonEntry: Sendable {
  var codeAlignment: UInt64 = 1
  var dataAlignment: Int64 = 1
  var returnColumn: UInt64 = 16
  var pointerEncoding: UInt8 = 0
  var hasAugmentationData = false
  var isSignalFrame = false
  var instructions: Range<Int> = 0..<0
}

/// The rules that hold at one address (DWARF 5 section 6.4.1).
package struct UnwindRow: Sendable {
  enum CanonicalFrameAddress: Sendable {
    case register(Int, offset: Int64)
    case expression([UInt8])
  }

  enum Rule: Sendable {
    case same
    case undefined
    case offset(Int64)
    case valueOffset(Int64)
    case register(Int)
    case expression([UInt8])
    case valueExpression([UInt8])
  }

  var canonicalFrameAddress: CanonicalFrameAddress?
  /// By DWARF register number; 16 is the return address.
  var rules: [Rule] = Array(repeating: .same, count: 17)
  var isSignalFrame = false
}
