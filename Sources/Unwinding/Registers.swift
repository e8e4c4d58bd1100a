package import VersionSpace

/// The general registers of a stopped thread (x86-64 psABI; `struct user_regs_struct`).
package struct Registers: Hashable, Sendable {
  /// By DWARF number: rax rdx rcx rbx rsi rdi rbp rsp r8…r15 (psABI figure 3.36).
  package var general: [16 of UInt64]
  package var instructionPointer: UInt64
  package var flags: UInt64
  /// The system call that the thread is in, or -1.
  package var originalRAX: Int64
  package var fsBase: UInt64

  package init(
    general: [16 of UInt64] = .init(repeating: 0), instructionPointer: UInt64 = 0,
    flags: UInt64 = 0, originalRAX: Int64 = -1, fsBase: UInt64 = 0
  ) {
    self.general = general
    self.instructionPointer = instructionPointer
    self.flags = flags
    self.originalRAX = originalRAX
    self.fsBase = fsBase
  }

  package static let rax = 0
  package static let rbx = 3
  package static let rbp = 6
  package static let rsp = 7

  package var stackPointer: TraceeAddress { TraceeAddress(rawValue: general[Registers.rsp]) }
  package var programCounter: TraceeAddress { TraceeAddress(rawValue: instructionPointer) }

  package static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.instructionPointer == rhs.instructionPointer && lhs.flags == rhs.flags
      && lhs.originalRAX == rhs.originalRAX && lhs.fsBase == rhs.fsBase
      && lhs.general.indices.allSatisfy { lhs.general[$0] == rhs.general[$0] }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(instructionPointer)
    for index in general.indices { hasher.combine(general[index]) }
  }
}
