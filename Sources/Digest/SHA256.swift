import CDigest

/// The digest of FIPS 180-4 (libmd), by which a file is known to have arrived whole.
package struct SHA256 {
  private var context = SHA2_CTX()

  package init() { unsafe SHA256Init(&context) }

  /// The digest of `bytes`, in lower-case hexadecimal.
  package static func digest(of bytes: some Sequence<UInt8>) -> String {
    var digest = SHA256()
    digest.update(Array(bytes))
    return digest.finish()
  }

  /// Adds bytes.
  package mutating func update(_ bytes: [UInt8]) {
    unsafe SHA256Update(&context, bytes, bytes.count)
  }

  /// The digest of all that was added, in lower-case hexadecimal; the value is of no use then.
  package mutating func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    unsafe SHA256Final(&bytes, &context)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
