/// A file on gcc's command line, with the language that a `-x` before it gives it.
package struct SourceInput: Hashable, Sendable {
  package let path: String
  /// As `-x` names it; `nil` if the file's name decides.
  package let language: String?

  package init(path: String, language: String? = nil) {
    self.path = path
    self.language = language
  }

  /// Whether gcc compiles the file as C.
  package var isC: Bool {
    if let language { return language == "c" || language == "cpp-output" }
    return path.hasSuffix(".c") || path.hasSuffix(".i")
  }

  /// Whether gcc makes a precompiled header of it.
  package var isHeader: Bool {
    if let language { return language.hasSuffix("-header") }
    return path.hasSuffix(".h")
  }

  /// Whether gcc makes an object of the file before it links.
  package var isSource: Bool {
    if language != nil { return true }
    let suffixes = [
      ".c", ".i", ".s", ".S", ".sx", ".cc", ".cp", ".cxx", ".cpp", ".CPP", ".c++", ".C", ".ii",
      ".m",
      ".f", ".f90", ".go", ".d",
    ]
    return suffixes.contains { path.hasSuffix($0) }
  }
}
