import ByteCoding
import Digest
import Glibc
package import Relinking

/// Deltas that were read before, in a form that is read again in a fraction of the time.
///
/// An entry is found by the SHA-256 of the section that the delta came from, so that two files of one
/// build ID and other contents never share one. It is believed only if it is whole (it carries its
/// own SHA-256) and was written by this very executable, since its form is that of our types. Whatever
/// is wrong with the cache, the delta is read from its file.
package struct DeltaCache: Sendable {
  let directory: String

  /// - Parameter directory: made if need be, with mode 0700.
  package init(directory: String) { self.directory = directory }

  /// In `$XDG_CACHE_HOME/pup`, else `~/.cache/pup`; `nil` where neither is known.
  package static let ofUser: DeltaCache? = {
    func variable(_ name: String) -> String? {
      guard let value = unsafe getenv(name) else { return nil }
      let text = unsafe String(cString: value)
      return text.hasPrefix("/") ? text : nil
    }
    let base = variable("XDG_CACHE_HOME") ?? variable("HOME").map { $0 + "/.cache" }
    return base.map { DeltaCache(directory: $0 + "/pup") }
  }()

  /// As many entries are kept, the newest.
  static let capacity = 32

  private static let magic = Array("PUPCACH1".utf8)

  /// The delta of a section that was read before.
  package func delta(of section: [UInt8]) -> Delta? {
    let identity = SHA256.digest(of: section)
    guard isSafe, let bytes = read(path(identity)) else { return nil }
    let header = Self.magic + Array(identity.utf8) + Array(Self.writer.utf8)
    let start = header.count + 64
    guard bytes.count > start, bytes.starts(with: header) else { return nil }
    let body = Array(bytes[start...])
    guard Array(SHA256.digest(of: body).utf8) == Array(bytes[header.count..<start]) else {
      return nil
    }
    return try? Packing.value(Delta.self, from: body)
  }

  /// Keeps what a section was found to say; failing to is no failure.
  package func keep(_ delta: Delta, of section: [UInt8]) {
    guard !Self.writer.isEmpty, let body = try? Packing.bytes(of: delta) else { return }
    makeDirectory()
    guard isSafe else { return }
    let identity = SHA256.digest(of: section)
    let header = Self.magic + Array((identity + Self.writer + SHA256.digest(of: body)).utf8)
    let partial = path(identity) + ".\(getpid()).\(UInt32.random(in: 0 ... .max))"
    guard write(header + body, to: partial) else {
      _ = unsafe unlink(partial)
      return
    }
    if unsafe rename(partial, path(identity)) != 0 { _ = unsafe unlink(partial) }
    forgetOldest()
  }

  private func path(_ identity: String) -> String { "\(directory)/\(identity).delta" }

  /// This executable, by its file: another one may have other types.
  private static let writer: String = {
    var status = stat()
    guard unsafe stat("/proc/self/exe", &status) == 0 else { return "" }
    let facts = [
      Int(status.st_dev), Int(status.st_ino), status.st_size, status.st_mtim.tv_sec,
      status.st_mtim.tv_nsec,
    ]
    return SHA256.digest(of: Array(facts.map(String.init).joined(separator: " ").utf8))
  }()

  // MARK: - Files

  private func makeDirectory() {
    if let slash = directory.lastIndex(of: "/"), slash != directory.startIndex {
      _ = unsafe mkdir(String(directory[..<slash]), 0o700)
    }
    _ = unsafe mkdir(directory, 0o700)
  }

  /// Whether nobody else can have written what lies there.
  private var isSafe: Bool {
    var status = stat()
    guard unsafe lstat(directory, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
      && status.st_mode & 0o022 == 0
  }

  private func read(_ path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size < 1 << 31
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: status.st_size)
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(
          file, buffer.baseAddress.unsafelyUnwrapped + offset, buffer.count - offset)
      }
      guard count > 0 else { return nil }
      offset += count
    }
    return bytes
  }

  private func write(_ bytes: [UInt8], to path: String) -> Bool {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          file, buffer.baseAddress.unsafelyUnwrapped + offset, buffer.count - offset)
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }

  private func forgetOldest() {
    var entries: [(name: String, time: Int)] = []
    guard let listing = unsafe opendir(directory) else { return }
    defer { unsafe closedir(listing) }
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { place in
        unsafe place.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      var status = stat()
      guard name.contains(".delta"), unsafe lstat("\(directory)/\(name)", &status) == 0 else {
        continue
      }
      entries.append((name, status.st_mtim.tv_sec))
    }
    entries.sort { ($1.time, $1.name) < ($0.time, $0.name) }
    for entry in entries.dropFirst(Self.capacity) {
      _ = unsafe unlink("\(directory)/\(entry.name)")
    }
  }
}
