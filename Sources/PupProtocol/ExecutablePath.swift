import FoundationEssentials
import Glibc

/// Which file a command word means, as a shell would say.
package enum ExecutablePath {
  /// The absolute path of `word`: itself if it has a slash, else the first match in `PATH`.
  ///
  /// - Throws: `cannot("exec")` if there is no such file or it may not be executed.
  package static func find(_ word: String) throws(ServiceFailure) -> String {
    if word.contains("/") {
      let path = absolutePath(word)
      guard unsafe access(path, X_OK) == 0 else {
        throw .cannot("exec", "cannot execute \(word): \(errorText(errno))")
      }
      return path
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    for directory in path.split(separator: ":") {
      let candidate = absolutePath("\(directory)/\(word)")
      if unsafe access(candidate, X_OK) == 0 { return candidate }
    }
    throw .cannot("exec", "cannot execute \(word): not found in PATH")
  }
}
