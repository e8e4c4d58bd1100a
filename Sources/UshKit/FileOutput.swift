import Glibc
import PupProtocol

/// Writes a text over whatever a file held.
///
/// - Throws: `cannot("output")`.
func writeFile(_ path: String, _ text: String) throws(ServiceFailure) {
  let raw = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
  guard raw >= 0 else { throw .cannot("output", "\(path): \(errorText(errno))") }
  let file = Descriptor(owning: raw)
  let bytes = Array(text.utf8)
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { all in
      unsafe write(file.rawValue, all.baseAddress?.advanced(by: written), all.count - written)
    }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { throw .cannot("output", "\(path): \(errorText(errno))") }
    written += count
  }
}
