import Digest
import FoundationEssentials
import Glibc

/// The files that users of other hosts brought here, below the state directory.
///
/// A file appears under its name only when it is whole and its digest is right. Old sets are removed
/// when new ones come, except those that a process runs from.
struct Uploads: Sendable {
  /// How many sets are kept.
  private static let keptSets = 32
  private static let depthLimit = 32

  private let folder: String

  init(in state: StateDirectory) throws(TalkFailure) {
    folder = "\(state.path)/uploads"
    try makeOwnDirectory(folder)
  }

  /// Takes a piece of a file, or tells whether the file is here; its path once it is whole.
  func put(_ piece: BridgeMessages.Piece) throws(ServiceFailure) -> String? {
    try check(piece)
    let place = "\(folder)/\(piece.set)/\(piece.name)"
    if size(of: place) == piece.size { return place }
    guard let text = piece.data else { return nil }
    guard let data = Data(base64Encoded: text) else {
      throw .malformed("bad-data", "\(piece.name): the data are not in base 64")
    }
    let part = "\(folder)/part-\(getpid())-\(piece.digest)"
    let offset = piece.offset ?? 0
    try append(Array(data), to: part, at: offset, piece)
    guard offset + data.count == piece.size else { return nil }
    try finish(part, piece, at: place)
    prune(keeping: piece.set)
    return place
  }

  private func check(_ piece: BridgeMessages.Piece) throws(ServiceFailure) {
    guard Self.isDigest(piece.set), Self.isDigest(piece.digest) else {
      throw .malformed("bad-digest", "set and digest are SHA-256 sums")
    }
    let parts = piece.name.split(separator: "/", omittingEmptySubsequences: false)
    let isGood = parts.count <= Self.depthLimit && parts.allSatisfy(Self.isFileName)
    guard isGood, piece.size >= 0, piece.offset ?? 0 >= 0 else {
      throw .malformed("bad-name", "\(piece.name.debugDescription) is no name in a folder")
    }
  }

  private static func isDigest(_ word: String) -> Bool {
    word.utf8.count == 64 && word.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  private static func isFileName(_ part: Substring) -> Bool {
    !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255
      && !part.utf8.contains(0)
  }

  private func size(of path: String) -> Int? {
    var file = stat()
    guard unsafe lstat(path, &file) == 0, file.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(file.st_size)
  }

  private func append(
    _ bytes: [UInt8], to part: String, at offset: Int, _ piece: BridgeMessages.Piece
  ) throws(ServiceFailure) {
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (offset == 0 ? O_TRUNC : 0)
    let raw = unsafe open(part, flags, 0o600)
    guard raw >= 0 else { throw .cannot("upload", "\(piece.name): \(errorText(errno))") }
    let file = Descriptor(owning: raw)
    guard lseek(file.rawValue, 0, SEEK_END) == off_t(offset), offset + bytes.count <= piece.size
    else {
      throw .malformed("bad-offset", "\(piece.name): the pieces do not fit together")
    }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe write(file.rawValue, all.baseAddress?.advanced(by: written), all.count - written)
      }
      guard count > 0 else { throw .cannot("upload", "\(piece.name): \(errorText(errno))") }
      written += count
    }
  }

  private func finish(
    _ part: String, _ piece: BridgeMessages.Piece, at place: String
  ) throws(ServiceFailure) {
    var digest = SHA256()
    let raw = unsafe open(part, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw .cannot("upload", "\(piece.name): \(errorText(errno))") }
    let file = Descriptor(owning: raw)
    while let bytes = readSome(from: file.rawValue, atMost: 1 << 20) { digest.update(bytes) }
    guard digest.finish() == piece.digest else {
      unsafe unlink(part)
      throw .cannot("damaged", "\(piece.name) changed on its way")
    }
    try talking { () throws(TalkFailure) in try makeOwnDirectory(splitPath(place).directory) }
    guard fchmod(file.rawValue, piece.executable == true ? 0o700 : 0o600) == 0,
      unsafe rename(part, place) == 0
    else { throw .cannot("upload", "\(piece.name): \(errorText(errno))") }
  }

  // MARK: - Old sets

  private func prune(keeping newest: String) {
    let files = FileManager.default
    let sets = (try? files.contentsOfDirectory(atPath: folder)) ?? []
    let byAge = sets.filter { $0 != newest && $0.utf8.count == 64 }
      .map { (name: $0, time: changeTime("\(folder)/\($0)")) }
      .sorted { $0.time > $1.time }
    let old = byAge.dropFirst(Self.keptSets - 1)
    guard !old.isEmpty else { return }
    let used = executables()
    for set in old where !used.contains(where: { $0.hasPrefix("\(folder)/\(set.name)/") }) {
      try? files.removeItem(atPath: "\(folder)/\(set.name)")
    }
  }

  private func changeTime(_ path: String) -> Int {
    var file = stat()
    return unsafe lstat(path, &file) == 0 ? file.st_ctim.tv_sec : 0
  }

  /// What the processes that we may look at run.
  private func executables() -> [String] {
    let files = FileManager.default
    let processes = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/\($0)/exe") }
  }
}
