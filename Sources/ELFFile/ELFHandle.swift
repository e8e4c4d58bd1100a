import CLibelf
import ObjectModel

/// An open libelf descriptor over bytes in memory; closed when dropped.
@safe final class ELFHandle {
  private let elf: OpaquePointer
  private let buffer: UnsafeMutablePointer<CChar>
  let file: String
  let byteCount: Int
  /// `e_type`.
  let type: UInt16
  let entry: UInt64

  /// A section header with what libelf says of it.
  struct RawSection {
    var name: String
    var type: UInt32
    var flags: UInt64
    var address: UInt64
    var offset: UInt64
    var byteCount: UInt64
    var link: UInt32
    var info: UInt32
    var alignment: UInt64
    var entrySize: UInt64
    var contents: [UInt8]
  }

  /// Copies `bytes` and opens them.
  ///
  /// - Throws: `.notELF`, `.truncated`, `.wrongMachine`, `.malformed`.
  init(_ bytes: [UInt8], file: String) throws(ELFFailure) {
    guard bytes.count >= 4, Array(bytes.prefix(4)) == [0x7F, 0x45, 0x4C, 0x46] else {
      throw .notELF(file: file)
    }
    guard bytes.count >= 64 else { throw .truncated(file: file, what: "the ELF header") }
    guard bytes[4] == 2, bytes[5] == 1, bytes[18] == 62, bytes[19] == 0 else {
      throw .wrongMachine(file: file)
    }
    _ = elf_version(UInt32(EV_CURRENT))
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    unsafe bytes.withUnsafeBytes { source in
      unsafe UnsafeMutableRawPointer(buffer).copyMemory(
        from: source.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
    }
    guard let elf = unsafe elf_memory(buffer, bytes.count),
      let header = unsafe elf64_getehdr(elf)
    else {
      unsafe buffer.deallocate()
      throw .malformed(file: file, what: "the ELF header")
    }
    unsafe self.elf = elf
    unsafe self.buffer = buffer
    self.file = file
    byteCount = bytes.count
    type = unsafe header.pointee.e_type
    entry = unsafe header.pointee.e_entry
    let table = unsafe header.pointee.e_shoff
    let size = unsafe UInt64(header.pointee.e_shnum) * 64
    guard table &+ size <= UInt64(bytes.count), table <= UInt64(bytes.count) else {
      throw .truncated(file: file, what: "the section header table")
    }
  }

  deinit {
    unsafe elf_end(elf)
    unsafe buffer.deallocate()
  }

  /// All sections but the null one, so that ELF section index n is element n − 1.
  ///
  /// `contents` is filled in only if asked for; its bounds are checked either way.
  func sections(withContents: Bool) throws(ELFFailure) -> [RawSection] {
    var names = 0
    guard unsafe elf_getshdrstrndx(elf, &names) == 0 else {
      throw .malformed(file: file, what: "the section name table")
    }
    var result: [RawSection] = []
    var next = unsafe elf_nextscn(elf, nil)
    while let section = unsafe next {
      result.append(try unsafe raw(section, names, withContents))
      unsafe next = elf_nextscn(elf, section)
    }
    return result
  }

  private func raw(
    _ section: OpaquePointer, _ names: Int, _ withContents: Bool
  ) throws(ELFFailure) -> RawSection {
    guard let header = unsafe elf64_getshdr(section) else {
      throw .malformed(file: file, what: "a section header")
    }
    let read = unsafe header.pointee
    let name =
      unsafe elf_strptr(elf, names, Int(read.sh_name)).map { unsafe String(cString: $0) } ?? ""
    guard read.sh_addralign & (read.sh_addralign &- 1) == 0, read.sh_addralign <= 1 << 40 else {
      throw .malformed(file: file, what: "the alignment of section \(name)")
    }
    var contents: [UInt8] = []
    if read.sh_type != 8, read.sh_size > 0 {
      let (end, overflow) = read.sh_offset.addingReportingOverflow(read.sh_size)
      guard !overflow, end <= UInt64(byteCount) else {
        throw .truncated(file: file, what: "section \(name)")
      }
      if withContents {
        let start = Int(read.sh_offset)
        unsafe contents = Array(
          UnsafeRawBufferPointer(start: UnsafeRawPointer(buffer) + start, count: Int(read.sh_size)))
      }
    }
    return RawSection(
      name: name, type: read.sh_type, flags: read.sh_flags, address: read.sh_addr,
      offset: read.sh_offset, byteCount: read.sh_size, link: read.sh_link, info: read.sh_info,
      alignment: max(read.sh_addralign, 1), entrySize: read.sh_entsize, contents: contents)
  }
}
