import CSocket
import Glibc

extension RuntimeDirectory {
  /// Gives up root's rights for good, if this process has them and the directory is a user's.
  ///
  /// For the mapper, which root's tools may start in a user's directory: as root's process it would
  /// refuse the user. To be called before other threads run.
  package func becomeOwner() throws(TalkFailure) {
    guard geteuid() == 0 else { return }
    var directory = stat()
    guard unsafe lstat(path, &directory) == 0 else {
      throw .system(operation: .directory, path: path, code: errno)
    }
    guard directory.st_uid != 0 else { return }
    let code = cs_become(directory.st_uid, directory.st_gid)
    guard code == 0 else { throw .system(operation: .directory, path: path, code: -code) }
  }
}
