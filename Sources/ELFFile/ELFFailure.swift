/// Why a file cannot be used as the ELF file it should be; `file` is its name for people.
package enum ELFFailure: Error, Hashable, Sendable {
  case notELF(file: String)
  /// The file ends before something that its headers name.
  case truncated(file: String, what: String)
  /// Another class, byte order or machine than 64-bit little-endian x86-64.
  case wrongMachine(file: String)
  /// Not of the kind that was asked for.
  case wrongKind(file: String, found: String)
  case malformed(file: String, what: String)
  /// errno of a failed open or read.
  case unreadable(file: String, code: Int32)
  /// What cannot be written as ELF.
  case unwritable(file: String, what: String)

  /// One sentence that names the file and what is wrong with it.
  package var sentence: String {
    switch self {
    case .notELF(let file): "\(file): not an ELF file"
    case .truncated(let file, let what): "\(file): truncated: \(what) lies past the end of the file"
    case .wrongMachine(let file): "\(file): not for this machine (64-bit x86-64 is needed)"
    case .wrongKind(let file, let found): "\(file): is \(found), which cannot be used here"
    case .malformed(let file, let what): "\(file): malformed: \(what)"
    case .unreadable(let file, let code): "\(file): cannot be read (errno \(code))"
    case .unwritable(let file, let what): "\(file): cannot be written: \(what)"
    }
  }
}
