/// The rules that hold at one address (DWARF 5 section 6.4.1); plain data, so that a walk copies it
/// without counting references.
package struct UnwindRow: Sendable {
  enum CanonicalFrameAddress: Sendable {
    case register(Int, offset: Int64)
    case expression(Block)
  }

  enum Rule: Sendable {
    case same
    case undefined
    case offset(Int64)
    case valueOffset(Int64)
    case register(Int)
    case expression(Block)
    case valueExpression(Block)
  }

  /// A DWARF expression, by its place in the `.eh_frame` bytes of its module.
  struct Block: Sendable {
    var offset: UInt32
    var byteCount: UInt32
  }

  /// Which of the table's modules the blocks lie in.
  var module = 0
  var canonicalFrameAddress: CanonicalFrameAddress?
  /// By DWARF register number; 16 is the return address.
  var rules: [17 of Rule] = .init(repeating: .same)
  var isSignalFrame = false
}

/// One frame description (FDE), by where its parts lie.
struct FrameEntry: Sendable {
  var start: UInt64
  var end: UInt64
  /// Of the description's instructions, in `.eh_frame`.
  var instructions: Range<UInt32>
  /// Into the table's commons.
  var common: Int
}

/// A CIE (LSB "Exception Frames").
struct CommonEntry: Sendable {
  var codeAlignment: UInt64 = 1
  var dataAlignment: Int64 = 1
  var returnColumn: UInt64 = 16
  var pointerEncoding: UInt8 = 0
  var hasAugmentationData = false
  var isSignalFrame = false
  var instructions: Range<UInt32> = 0..<0
  /// Into the table's modules.
  var module = 0
}
