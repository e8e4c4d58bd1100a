package import ELFFile

/// Why a file is no program that can be updated or updated to.
package enum ImageFailure: Error, Hashable, Sendable {
  /// Not ELF, truncated, for another machine, unreadable, or malformed.
  case elf(ELFFailure)
  /// A sound ELF file that `pupcc` did not make.
  case notPrepared(file: String)
  /// `pupcc` made it, but a tool took out the sections that describe it.
  case stripped(file: String)
  /// Its objects come from `pupcc`, but another program linked it.
  case linkedElsewhere(file: String)
  /// Made by a `pupcc` whose format is not known here.
  case otherFormat(file: String, found: Int, known: Int)
  /// No unit of it has debug information, so nothing is known of its procedures.
  case noDebugInformation(file: String)
  /// Readable, but not what it should be; the sentence says why.
  case other(String)

  /// One sentence that names the file and what is wrong with it.
  package var sentence: String {
    switch self {
    case .elf(let failure): failure.sentence
    case .notPrepared(let file):
      "\(file): it was not made by pupcc; build it with CC=pupcc"
    case .stripped(let file):
      "\(file): a tool took out its .pup sections (eu-strip does; strip leaves them): build it again"
    case .linkedElsewhere(let file):
      "\(file): it was not made by pupcc, although its objects were; link it with pupcc as well"
        + " (for C++ with -lstdc++), and see what that notes"
    case .otherFormat(let file, let found, let known):
      "\(file): made by another version of pupcc: delta format \(found), known here is \(known)"
    case .noDebugInformation(let file):
      "\(file): its delta has no debug information; build it anew with pupcc"
    case .other(let text): text
    }
  }
}
