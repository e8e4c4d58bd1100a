import Glibc

/// The file of a socket as it was when we took it up, so that its loss is noticed.
struct SocketPlace {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  /// What lies at `path` now; `nil` if nothing does.
  init?(_ path: String) {
    var file = stat()
    guard unsafe lstat(path, &file) == 0 else { return nil }
    self.path = path
    device = file.st_dev
    inode = file.st_ino
  }

  /// Whether clients that come to the path still come to us.
  var isOurs: Bool {
    guard let now = SocketPlace(path) else { return false }
    return now.device == device && now.inode == inode
  }

  /// Removes the file, unless it is another's by now.
  func remove() {
    if isOurs { unsafe unlink(path) }
  }
}
