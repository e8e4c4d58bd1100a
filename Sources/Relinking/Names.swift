/// Section and symbol names by which prepared objects and programs are recognised.
///
/// `docs/formats.md` says what each holds.
package enum PreparedName {
  /// Prefix of the section that holds P's trampoline; the linker's default script puts it in `.text`.
  package static let trampolineSection = ".text.pup_trampoline."
  /// Prefix of the section that holds P's slot; the link's script gathers these into `.pup_table`.
  package static let slotSection = ".pup_table."
  package static let table = ".pup_table"
  /// Suffix of the local symbol that names P's body.
  package static let bodySuffix = ".pup_body"
  /// In an object.
  ///
  /// Which `pupcc` made it, from what, and when. Not allocated.
  package static let objectNote = ".note.pup_object"
  /// In an object.
  ///
  /// The compressed copy of itself, concatenated by the linker. Not allocated.
  package static let embeddedObject = ".pup_object"
  /// In an object.
  ///
  /// A relocated word per allocated section, so that the linker says where each went. Named like a
  /// debug section because only those may refer to what `--gc-sections` dropped.
  package static let placements = ".debug_pup"
  /// In a program.
  ///
  /// The compressed delta. Not allocated.
  package static let delta = ".pup_delta"
  /// In a `.pup.o` companion: marks a product, so that `gcc *.o` does not link it.
  package static let productNote = ".note.pup_product"
}
