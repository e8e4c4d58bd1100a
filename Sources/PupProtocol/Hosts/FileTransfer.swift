import Digest
import FoundationEssentials
import Glibc

/// How much of a file has reached another host.
package struct TransferProgress: Hashable, Sendable {
  /// The file's path here.
  package var path: String
  package var sentBytes: Int
  package var byteCount: Int
}

/// Brings files to another host, unless they are there already.
struct FileTransfer {
  private static let pieceBytes = 1 << 20
  private static let patience = Duration.seconds(120)

  let link: HostLink
  let onProgress: @Sendable (TransferProgress) -> Void

  /// One file as it is to be there.
  private struct Item {
    var path: String
    var name: String
    var size: Int
    var digest: String
    var isExecutable: Bool
  }

  /// Sends what is missing; the paths on the host, in order.
  func send(_ files: FileSet) throws(ServiceFailure) -> [String] {
    var items: [Item] = []
    for (path, name) in zip(files.paths, files.files) { items.append(try item(path, name)) }
    let set = SHA256.digest(of: items.map { "\($0.digest) \($0.name)\n" }.joined().utf8)
    var places: [String] = []
    for item in items { places.append(try send(item, in: set)) }
    return places
  }

  private func item(_ path: String, _ name: String) throws(ServiceFailure) -> Item {
    var digest = SHA256()
    var size = 0
    try eachPiece(of: path) { bytes throws(ServiceFailure) in
      digest.update(bytes)
      size += bytes.count
    }
    return Item(
      path: path, name: name, size: size, digest: digest.finish(),
      isExecutable: unsafe access(path, X_OK) == 0)
  }

  private func send(_ item: Item, in set: String) throws(ServiceFailure) -> String {
    var piece = BridgeMessages.Piece(
      set: set, name: item.name, digest: item.digest, size: item.size,
      executable: item.isExecutable ? true : nil)
    if let path = try put(piece) { return path }
    var place: String?
    var sent = 0
    try eachPiece(of: item.path) { bytes throws(ServiceFailure) in
      guard place == nil else { return }
      piece.offset = sent
      piece.data = Data(bytes).base64EncodedString()
      place = try put(piece)
      sent += bytes.count
      onProgress(
        TransferProgress(path: item.path, sentBytes: sent, byteCount: item.size))
    }
    if item.size == 0 {
      piece.offset = 0
      piece.data = ""
      place = try put(piece)
    }
    guard let place else {
      throw .cannot("changed", "\(item.path) changed while it was sent")
    }
    return place
  }

  private func put(_ piece: BridgeMessages.Piece) throws(ServiceFailure) -> String? {
    let answer: BridgeMessages.Placed = try talking { () throws(TalkFailure) in
      try link.call("\(BridgeMessages.interface).Put", piece, timeout: Self.patience)
    }
    return answer.path
  }

  private func eachPiece(
    of path: String, _ body: ([UInt8]) throws(ServiceFailure) -> Void
  ) throws(ServiceFailure) {
    let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw .malformed("missing-file", "\(path): \(errorText(errno))") }
    let file = Descriptor(owning: raw)
    while let bytes = readSome(from: file.rawValue, atMost: Self.pieceBytes) { try body(bytes) }
  }
}
