import ELFFile
import Foundation
import ProgramImages
import Relinking
import TestSupport
import Testing

@Suite struct DeltaCacheTests {
  private final class Folder {
    let path: String
    var directory: String { "\(path)/cache" }
    var cache: DeltaCache { DeltaCache(directory: directory) }

    init() throws { path = try temporaryFolder(named: "cache") }
    deinit { removeFolder(path) }

    /// The one entry.
    func entry() throws -> String {
      let names = try FileManager.default.contentsOfDirectory(atPath: directory)
      try #require(names.count == 1)
      return "\(directory)/\(names[0])"
    }
  }

  private let section: [UInt8] = [1, 2, 3, 4]

  private func delta() async throws -> Delta {
    try ProgramImages.read(try await PreparedProgram.shared.path).delta
  }

  @Test func `gives what was kept, of the same section only`() async throws {
    let folder = try Folder()
    let delta = try await delta()
    #expect(folder.cache.delta(of: section) == nil)
    folder.cache.keep(delta, of: section)
    #expect(folder.cache.delta(of: section) == delta)
    #expect(folder.cache.delta(of: [1, 2, 3, 5]) == nil)
    #expect(try permissions(of: folder.directory) == 0o700)
  }

  @Test func `is used by the next reader of a program`() async throws {
    let folder = try Folder()
    let path = try await PreparedProgram.shared.path
    let image = try ProgramImages.read(path, cache: folder.cache)
    #expect(try ProgramImages.read(path, cache: folder.cache) == image)
    #expect(try await ProgramImages.readConcurrently(path, cache: folder.cache) == image)
    #expect(try ProgramImages.read(path) == image)
    // What is in the cache is what is taken: an entry for this section with another delta shows.
    var other = image.delta
    other.producer = "another"
    let entry = try folder.entry()
    let section = try deltaSection(of: path)
    folder.cache.keep(other, of: section)
    #expect(try folder.entry() == entry)
    #expect(try ProgramImages.read(path, cache: folder.cache).delta.producer == "another")
  }

  @Test func `an entry that is cut off, changed or of another section is as none`() async throws {
    let folder = try Folder()
    folder.cache.keep(try await delta(), of: section)
    let path = try folder.entry()
    let whole = bytes(of: path)
    for count in stride(from: 0, to: whole.count, by: 97) {
      try write(Array(whole.prefix(count)), to: path)
      #expect(folder.cache.delta(of: section) == nil, "cut off at \(count)")
    }
    for place in stride(from: 0, to: whole.count, by: 61) {
      var changed = whole
      changed[place] ^= 1
      try write(changed, to: path)
      #expect(folder.cache.delta(of: section) == nil, "changed at \(place)")
    }
    try write(whole, to: path)
    #expect(folder.cache.delta(of: section) != nil)
  }

  @Test func `a folder that others may write to is not used`() async throws {
    let folder = try Folder()
    folder.cache.keep(try await delta(), of: section)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o777], ofItemAtPath: folder.directory)
    #expect(folder.cache.delta(of: section) == nil)
  }

  @Test func `a folder that cannot be made is no failure`() async throws {
    let cache = DeltaCache(directory: "/proc/nowhere/cache")
    cache.keep(try await delta(), of: section)
    #expect(cache.delta(of: section) == nil)
  }

  @Test func `old entries go when there are many`() async throws {
    let folder = try Folder()
    let delta = try await delta()
    for number in 0..<40 as Range<UInt8> { folder.cache.keep(delta, of: [number]) }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.directory)
    #expect(left.count == 32)
  }

  private func deltaSection(of path: String) throws -> [UInt8] {
    let program = try ELFProgram(atPath: path)
    return program.contents(of: try #require(program.section(named: PreparedName.delta)))
  }

  private func permissions(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? Int) ?? -1
  }
}
