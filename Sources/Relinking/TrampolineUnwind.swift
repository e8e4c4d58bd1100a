import ByteCoding
import ObjectModel

extension ObjectFile {
  /// Adds unwind information for trampolines: at each of their instructions the CFA is rsp + 8
  /// (LSB "Exception Frames"; DWARF 5 section 6.4).
  mutating func appendUnwindInformation(ofTrampolines trampolines: [SectionID]) {
    let frame =
      section(named: ".eh_frame")
      ?? append(
        Section(name: ".eh_frame", type: .progbits, flags: .allocated, alignment: 8))
    var writer = ByteWriter(self[frame].contents)
    writer.align(to: 4)
    let commonEntry = writer.bytes.count
    writer.append(UInt32(20))
    writer.append(UInt32(0))
    writer.append(contentsOf: [
      1, 0x7A, 0x52, 0,  // version, "zR"
      1, 0x78, 16,  // code and data alignment factors, return address column
      1, 0x1B,  // augmentation: pcrel | sdata4
      0x0C, 7, 8,  // DW_CFA_def_cfa rsp, 8
      0x90, 1,  // DW_CFA_offset return address, 1
      0, 0,
    ])
    for trampoline in trampolines {
      let symbol = append(
        Symbol(name: "", binding: .local, type: .section, place: .section(trampoline)))
      writer.append(UInt32(20))
      writer.append(UInt32(writer.bytes.count - commonEntry))
      self[frame].relocations.append(
        Relocation(offset: UInt64(writer.bytes.count), type: .pc32, symbol: symbol, addend: 0))
      writer.append(UInt32(0))
      writer.append(UInt32(self[trampoline].contents.count))
      writer.append(contentsOf: [0, 0, 0, 0, 0, 0, 0, 0])
    }
    self[frame].contents = writer.bytes
    self[frame].byteCount = writer.bytes.count
  }
}
