import CSocket
import Glibc

/// Who is at the other end of a connection, as the kernel says (SO_PEERCRED).
package struct Peer: Hashable, Sendable {
  package let pid: Int32
  package let uid: UInt32

  package init(pid: Int32, uid: UInt32) {
    self.pid = pid
    self.uid = uid
  }

  /// Whether the peer may talk to a process of this user: its owner and root may.
  package var isPermitted: Bool { uid == 0 || uid == geteuid() }
}

/// Unix stream sockets by path; paths of 108 bytes and more are reached through their directory.
enum UnixSocket {
  /// `sun_path` holds this many bytes, the NUL included.
  private static let pathLimit = 108

  /// A listener at `path`, which must not exist; anyone who reaches the directory may connect.
  static func listen(at path: String) throws(TalkFailure) -> Descriptor {
    try withAddress(path, .listen) { unsafe cs_listen($0, 64, 0o666) }
  }

  /// A connection to the listener at `path`, non-blocking.
  static func connect(to path: String) throws(TalkFailure) -> Descriptor {
    try withAddress(path, .connect) { unsafe cs_connect($0) }
  }

  /// The peer of a connection, or `nil` when the kernel does not say.
  static func peer(of connection: borrowing Descriptor) -> Peer? {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
    guard unsafe cs_peer(connection.rawValue, &pid, &uid, &gid) == 0 else { return nil }
    return Peer(pid: pid, uid: uid)
  }

  private static func withAddress(
    _ path: String, _ operation: TalkOperation, _ body: (String) -> Int32
  ) throws(TalkFailure) -> Descriptor {
    guard path.utf8.count >= pathLimit else {
      return try owned(body(path), path, operation)
    }
    let (directory, name) = splitPath(path)
    let opened = try owned(unsafe cs_open_directory(directory), path, operation)
    return try owned(body("/proc/self/fd/\(opened.rawValue)/\(name)"), path, operation)
  }

  private static func owned(
    _ result: Int32, _ path: String, _ operation: TalkOperation
  ) throws(TalkFailure) -> Descriptor {
    guard result >= 0 else {
      throw .system(operation: operation, path: path, code: -result)
    }
    return Descriptor(owning: result)
  }
}

/// The directory and the last component of a path.
package func splitPath(_ path: String) -> (directory: String, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return (".", path) }
  let directory = path[..<slash]
  return (directory.isEmpty ? "/" : String(directory), String(path[path.index(after: slash)...]))
}
