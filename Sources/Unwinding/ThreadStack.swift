package import VersionSpace

/// The procedure activations of one thread, innermost first.
package struct ThreadStack: Hashable, Sendable {
  package var tid: Int32
  package var frames: [Frame]
  package var end: End

  package init(tid: Int32, frames: [Frame], end: End) {
    self.tid = tid
    self.frames = frames
    self.end = end
  }

  /// One activation.
  package struct Frame: Hashable, Sendable {
    /// The instruction that runs next in this activation.
    package var programCounter: TraceeAddress
    /// The address by which the activation's procedure is found: the counter itself in the innermost
    /// frame and above a signal frame, else one less, since a call may be a procedure's last instruction.
    package var lookupAddress: TraceeAddress
    /// DWARF's canonical frame address: the caller's stack pointer.
    ///
    /// Where rows reckon from another place, and say what the stack pointer is (longjmp(3) while it
    /// moves to the stack that it was given), it is nevertheless that stack pointer.
    package var canonicalFrameAddress: TraceeAddress
    /// Where this activation's return address is stored; `nil` in the outermost frame and in
    /// signal frames.
    package var returnAddressSlot: TraceeAddress?
    package var isSignalFrame: Bool

    package init(
      programCounter: TraceeAddress, lookupAddress: TraceeAddress,
      canonicalFrameAddress: TraceeAddress, returnAddressSlot: TraceeAddress?, isSignalFrame: Bool
    ) {
      self.programCounter = programCounter
      self.lookupAddress = lookupAddress
      self.canonicalFrameAddress = canonicalFrameAddress
      self.returnAddressSlot = returnAddressSlot
      self.isSignalFrame = isSignalFrame
    }
  }

  package enum End: Hashable, Sendable {
    /// The unwind rows say that there is no caller: the whole stack is known.
    case outermost
    /// The walk could not go on; nothing may be concluded from what is missing.
    case notSafe(Reason, at: TraceeAddress)
  }

  package enum Reason: String, Hashable, Sendable, Codable {
    case noUnwindRow, unreadableStack, unsupportedRule, notAdvancing, tooDeep, unknownCode
  }
}
