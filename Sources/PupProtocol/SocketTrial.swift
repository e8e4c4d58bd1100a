import Glibc

extension RuntimeDirectory {
  /// Makes a socket in the directory, connects to it, and removes it.
  ///
  /// - Throws: what kept that from being done.
  package func trySocket() throws(TalkFailure) {
    let path = socket(of: ".trial.\(getpid())")
    unsafe unlink(path)
    let listener = try UnixSocket.listen(at: path)
    defer { unsafe unlink(path) }
    let connection = try UnixSocket.connect(to: path)
    guard listener.rawValue >= 0, connection.rawValue >= 0 else {
      throw .system(operation: .connect, path: path, code: EBADF)
    }
  }
}
