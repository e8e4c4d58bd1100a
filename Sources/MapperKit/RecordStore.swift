import FoundationEssentials
package import PupProtocol

/// The mapper's records on disk, one JSON file each.
package struct RecordStore: Sendable {
  private let directory: String

  /// The store in `directory`, which is created if need be.
  package init(directory: String) {
    self.directory = directory
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  /// All records that can be read; a damaged file is no reason not to serve the others.
  package func load() -> [ProgramRecord] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return files.filter { $0.hasSuffix(Self.suffix) }.compactMap { file in
      guard let bytes = readFile("\(directory)/\(file)", limit: 1 << 20),
        let record = try? JSONDecoder().decode(ProgramRecord.self, from: Data(bytes)),
        record.name + Self.suffix == file
      else { return nil }
      return record
    }
  }

  /// Writes `record` whole or not at all; a full disk costs only what a new mapper would know.
  package func save(_ record: ProgramRecord) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(record) else { return }
    let path = "\(directory)/\(record.name)\(Self.suffix)"
    try? data.write(to: URL(filePath: path), options: .atomic)
  }

  /// Removes the record of `name`.
  package func remove(_ name: String) {
    try? FileManager.default.removeItem(atPath: "\(directory)/\(name)\(Self.suffix)")
  }

  private static let suffix = ".json"
}
