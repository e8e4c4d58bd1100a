import ObjectModel

/// Code that asks the dynamic linker where a thread-local datum is, and what stands for it in code of
/// an executable, whose data lie at fixed distances from the thread pointer.
///
/// The same replacements as a linker makes (U. Drepper, "ELF Handling For Thread-Local Storage",
/// section 5; for descriptors, A. Oliva, "Thread-Local Storage Descriptors for IA32 and
/// AMD64/EM64T"): each has the length of what it replaces.
struct ThreadLocalRelaxation: Hashable {
  /// Of the first byte that is replaced.
  let start: Int
  let bytes: [UInt8]
  /// Where the datum's distance from the thread pointer goes, in 4 bytes.
  let offsetField: Int?
  /// The field of the call that is no more, with its own relocation.
  let callField: Int?

  /// What to do about the relocation of `type` for the field at `field` of `code`; `nil` for other
  /// relocations, and for instructions that no compiler writes there.
  init?(_ type: RelocationType, field: Int, in code: [UInt8]) {
    func holds(_ pattern: [UInt8], at place: Int) -> Bool {
      place >= 0 && place + pattern.count <= code.count
        && code[place..<(place + pattern.count)].elementsEqual(pattern)
    }
    /// `mov %fs:0,%rax`
    let threadPointer: [UInt8] = [0x64, 0x48, 0x8B, 0x04, 0x25, 0, 0, 0, 0]
    let none: [UInt8] = [0, 0, 0, 0]
    switch type {
    case .tlsGD where holds([0x66, 0x48, 0x8D, 0x3D], at: field - 4):
      // call __tls_get_addr@PLT, or call *__tls_get_addr@GOTPCREL(%rip)
      guard
        holds([0x66, 0x66, 0x48, 0xE8], at: field + 4)
          || holds([0x66, 0x48, 0xFF, 0x15], at: field + 4)
      else { return nil }
      start = field - 4
      // lea offset(%rax),%rax
      bytes = threadPointer + [0x48, 0x8D, 0x80] + none
      offsetField = field + 8
      callField = field + 8
    case .tlsLD where holds([0x48, 0x8D, 0x3D], at: field - 3):
      start = field - 3
      offsetField = nil
      if holds([0xE8], at: field + 4) {
        bytes = [0x66, 0x66, 0x66] + threadPointer
        callField = field + 5
      } else if holds([0xFF, 0x15], at: field + 4) {
        bytes = [0x66, 0x66, 0x66, 0x66] + threadPointer
        callField = field + 6
      } else {
        return nil
      }
    case .tlsDescriptorPC32 where holds([0x48, 0x8D, 0x05], at: field - 3):
      // mov $offset,%rax
      start = field - 3
      bytes = [0x48, 0xC7, 0xC0] + none
      offsetField = field
      callField = nil
    case .tlsDescriptorCall where holds([0xFF, 0x10], at: field):
      // xchg %ax,%ax
      start = field
      bytes = [0x66, 0x90]
      offsetField = nil
      callField = nil
    default: return nil
    }
  }
}
