import CPtrace
import Unwinding
import VersionSpace

/// A thread's XSAVE area.
struct ExtendedState {
  let bytes: [UInt8]

  init(of tid: Int32) throws(TraceeFailure) {
    var buffer = [UInt8](repeating: 0, count: 16384)
    let count = unsafe cs_get_xstate(tid, &buffer, 16384)
    try check(.registers, tid, count)
    bytes = Array(buffer.prefix(Int(count)))
  }

  func restore(_ tid: Int32) throws(TraceeFailure) {
    try check(.registers, tid, unsafe cs_set_xstate(tid, bytes, bytes.count))
  }
}

/// What rt_sigreturn(2) restores a thread from: `struct ucontext` and, above it, the XSAVE area with
/// the kernel's marks (Linux `arch/x86/include/uapi/asm/sigcontext.h`).
struct SignalFrame {
  let bytes: [UInt8]
  /// Of the first byte.
  let address: TraceeAddress
  /// Where the function finds its return address.
  let stackPointer: UInt64

  init(
    registers: Registers, extended: [UInt8], mask: UInt64, top: TraceeAddress, stub: TraceeAddress
  ) {
    let stateBytes = UInt64((extended.count + 4 + 63) / 64 * 64)
    let statePlace = (top.rawValue - stateBytes) & ~63
    let contextBytes: UInt64 = 320
    let context = (statePlace - contextBytes) & ~15
    stackPointer = context - 8
    address = TraceeAddress(rawValue: context - 8)
    var words: [UInt64] = [stub.rawValue, 7, 0, 0, 0xFFFF, 0]
    let resumed = Self.resumed(registers)
    let g = resumed.general
    words += [g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]]
    words += [g[5], g[4], g[6], g[3], g[1], g[0], g[2], g[7]]
    words += [resumed.instructionPointer, resumed.flags, 0x002B_0000_0000_0033, 0, 0, mask, 0]
    words += [statePlace, 0, 0, 0, 0, 0, 0, 0, 0, mask]
    var bytes = words.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
    bytes += [UInt8](repeating: 0, count: Int(statePlace - address.rawValue) - bytes.count)
    self.bytes = bytes + Self.marked(extended)
  }

  /// A system call that our stop interrupted is made anew; one with a restart block returns EINTR.
  private static func resumed(_ registers: Registers) -> Registers {
    var result = registers
    guard registers.originalRAX >= 0 else { return result }
    switch Int64(bitPattern: registers.general[Registers.rax]) {
    case -512, -513, -514:
      result.general[Registers.rax] = UInt64(registers.originalRAX)
      result.instructionPointer &-= 2
    case -4 where StoppedThread.notRestarted.contains(registers.originalRAX):
      result.general[Registers.rax] = UInt64(registers.originalRAX)
      result.instructionPointer &-= 2
    case -516: result.general[Registers.rax] = UInt64(bitPattern: -4)
    default: break
    }
    return result
  }

  /// FP_XSTATE_MAGIC1 with sizes in the software bytes, FP_XSTATE_MAGIC2 behind the area.
  private static func marked(_ extended: [UInt8]) -> [UInt8] {
    var bytes = extended
    guard bytes.count >= 576 else { return bytes }
    func put(_ value: UInt64, _ count: Int, at offset: Int) {
      for index in 0..<count {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
    }
    let features = (0..<8).reduce(UInt64(0)) { $0 | UInt64(extended[464 + $1]) << (8 * UInt64($1)) }
    put(0x4650_5853, 4, at: 464)
    put(UInt64(extended.count + 4), 4, at: 468)
    put(features, 8, at: 472)
    put(UInt64(extended.count), 4, at: 480)
    return bytes + [0x45, 0x58, 0x50, 0x46]
  }
}
