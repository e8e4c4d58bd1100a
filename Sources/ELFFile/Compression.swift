import CZlib

/// zlib streams (RFC 1950).
package enum Compression {
  /// The bytes as a stream of the default level.
  package static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var length = compressBound(UInt(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(length))
    let status = unsafe compress2(&result, &length, bytes, UInt(bytes.count), 6)
    precondition(status == Z_OK, "compress2 failed with \(status)")
    return Array(result.prefix(Int(length)))
  }

  /// - Parameters:
  ///   - bytes: the stream.
  ///   - expectedByteCount: the exact size of the content, in bytes; at most 1 GiB.
  ///   - file: the file's name, for messages.
  /// - Returns: the content.
  /// - Throws: `.malformed` when the stream is not whole or has another size.
  package static func inflate(
    _ bytes: [UInt8], expectedByteCount: Int, file: String
  ) throws(ELFFailure) -> [UInt8] {
    // No deflate stream grows more than 1,032-fold, so no room is made for a size that is a lie.
    guard (0...min(1 << 30, bytes.count * 1_032)).contains(expectedByteCount) else {
      throw .malformed(file: file, what: "a compressed section's size")
    }
    var length = UInt(expectedByteCount)
    var result = [UInt8](repeating: 0, count: max(expectedByteCount, 1))
    let status = unsafe uncompress(&result, &length, bytes, UInt(bytes.count))
    guard status == Z_OK, Int(length) == expectedByteCount else {
      throw .malformed(file: file, what: "a compressed section")
    }
    return Array(result.prefix(expectedByteCount))
  }
}
