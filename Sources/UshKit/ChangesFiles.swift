import Comparing
import FoundationEssentials
import Glibc
import PupProtocol

extension FileSet {
  /// A changes file, the maps files that it names and the headers that those include from beside
  /// themselves, recursively: what an update on another host reads.
  ///
  /// - Throws: `malformed` if the changes file is, or names a file in a way that holds only here.
  init(changes path: String, maps: [String]) throws(ServiceFailure) {
    guard let bytes = readFile(path, limit: 16 << 20) else {
      throw .malformed("missing-file", "\(path): \(errorText(errno))")
    }
    let changes: ChangesFile
    do throws(ChangesFileFailure) {
      changes = try ChangesFile(parsing: String(decoding: bytes, as: UTF8.self), path: path)
    } catch {
      throw .malformed("changes-file", error.description)
    }
    var found = [path] + maps
    for file in changes.maps {
      guard !file.hasPrefix("/") else {
        throw .malformed(
          "absolute-maps", "\(path): \(file) goes to another host: name it relative to this file")
      }
      found.append(absolutePath(splitPath(path).directory + "/" + file))
    }
    self = FileSet(found + Self.includes(of: Array(found.dropFirst())))
  }

  /// C files that are compiled on the other host, with what they include.
  init(maps: [String]) { self = FileSet(maps + Self.includes(of: maps)) }

  /// What the files include by quoted names that exist beside them.
  private static func includes(of sources: [String]) -> [String] {
    var known = Set(sources)
    var added: [String] = []
    var left = sources
    while let source = left.popLast() {
      guard let bytes = readFile(source, limit: 16 << 20) else { continue }
      for name in quotedIncludes(String(decoding: bytes, as: UTF8.self)) {
        let path = absolutePath(splitPath(source).directory + "/" + name)
        guard !name.hasPrefix("/"), unsafe access(path, R_OK) == 0, known.insert(path).inserted
        else { continue }
        added.append(path)
        left.append(path)
      }
    }
    return added
  }

  private static func quotedIncludes(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      var rest = line.drop(while: \.isWhitespace)
      guard rest.first == "#" else { return nil }
      rest = rest.dropFirst().drop(while: \.isWhitespace)
      guard rest.hasPrefix("include") else { return nil }
      let parts = rest.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
      return parts.count == 3 ? String(parts[1]) : nil
    }
  }
}

extension Site {
  /// `request` with its files where the program's host has them.
  func placed(_ request: UpdateRequest) throws(ServiceFailure) -> UpdateRequest {
    guard address.host != .local else { return request }
    var request = request
    if let path = request.path { request.path = try host.place(FileSet([path])).first }
    if let changes = request.changes {
      let places = try host.place(try FileSet(changes: changes, maps: request.maps))
      request.changes = places.first
      request.maps = Array(places.dropFirst().prefix(request.maps.count))
    } else if !request.maps.isEmpty {
      let places = try host.place(FileSet(maps: request.maps))
      request.maps = Array(places.prefix(request.maps.count))
    }
    return request
  }

  /// `request` with its files where the program's host has them; a delta's executable too.
  func placed(_ request: LoadRequest) throws(ServiceFailure) -> LoadRequest {
    guard address.host != .local else { return request }
    var request = request
    if let path = request.path { request.path = try host.place(FileSet([path])).first }
    if let delta = request.delta, let object = request.object {
      let executable = String(delta.dropLast(".delta".count))
      let places = try host.place(FileSet([delta, object, executable]))
      (request.delta, request.object) = (places[0], places[1])
    }
    return request
  }
}
