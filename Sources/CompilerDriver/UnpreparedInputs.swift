import ELFFile
import Foundation
import ObjectModel
import Relinking

/// Finds what a link gets that `pupcc` did not compile; not in the libraries of the system.
struct UnpreparedInputs {
  /// Global symbols of the finished program, by which it is seen which members of an archive are in.
  let defined: Set<String>
  private(set) var found: [UnpreparedObject] = []

  init(_ files: [LinkInputs.File], defined: Set<String>) {
    self.defined = defined
    for file in files {
      guard let bytes = try? ELFReader.bytes(atPath: file.path) else { continue }
      if let members = ArchiveMembers(bytes, path: file.path) {
        for member in members.all where isLinked(member.bytes, file.path) {
          add(member.bytes, name: "\(file.name)(\(member.name))")
        }
      } else {
        add(bytes, name: file.name)
      }
    }
  }

  /// What is no object, such as a shared library or a linker script, is nothing of ours.
  private mutating func add(_ bytes: [UInt8], name: String) {
    guard let object = try? ELFReader.object(bytes, name: name),
      let unprepared = UnpreparedObject(object, name: name)
    else { return }
    found.append(unprepared)
  }

  private func isLinked(_ bytes: [UInt8], _ path: String) -> Bool {
    guard let object = try? ELFReader.object(bytes, name: path) else { return false }
    return object.symbols.contains {
      $0.isDefined && $0.binding != .local && defined.contains($0.name)
    }
  }
}

/// The members of an `ar` archive, also of a thin one.
struct ArchiveMembers {
  private(set) var all: [(name: String, bytes: [UInt8])] = []

  /// `nil` if it is no archive; a broken one ends where it breaks.
  init?(_ archive: [UInt8], path: String) {
    let isThin = archive.starts(with: Array("!<thin>\n".utf8))
    guard isThin || archive.starts(with: Array("!<arch>\n".utf8)) else { return nil }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var longNames: [UInt8] = []
    var place = 8
    while place + 60 <= archive.count {
      func field(_ range: Range<Int>) -> String {
        String(
          decoding: archive[(place + range.lowerBound)..<(place + range.upperBound)], as: UTF8.self
        )
        .trimmingCharacters(in: .whitespaces)
      }
      let title = field(0..<16)
      guard let size = Int(field(48..<58)), size >= 0 else { return }
      let isTable = ["/", "//", "/SYM64/"].contains(title)
      let start = place + 60
      let isInside = !isThin || isTable
      guard !isInside || size <= archive.count - start else { return }
      if title == "//" { longNames = Array(archive[start..<(start + size)]) }
      if !isTable {
        let name = Self.name(title, longNames)
        let bytes =
          isInside
          ? Array(archive[start..<(start + size)])
          : (try? ELFReader.bytes(atPath: name.hasPrefix("/") ? name : "\(folder)/\(name)")) ?? []
        all.append((name, bytes))
      }
      place = isInside ? start + size + size % 2 : start
    }
  }

  /// `name/`, or `/N` for the name at that place of the table of long ones.
  private static func name(_ title: String, _ longNames: [UInt8]) -> String {
    guard title.hasPrefix("/"), let place = Int(title.dropFirst()),
      longNames.indices.contains(place)
    else { return title.hasSuffix("/") ? String(title.dropLast()) : title }
    let name = longNames[place...].prefix { $0 != 0x0A }
    return String(decoding: name.last == 0x2F ? name.dropLast() : name, as: UTF8.self)
  }
}
