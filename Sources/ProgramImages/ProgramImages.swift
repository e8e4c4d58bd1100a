import ELFFile
import Foundation
import ObjectModel
package import Relinking
import TypeModel
import VersionSpace

/// Reads what `pupcc` put into an executable, or into its companions.
package enum ProgramImages {
  /// The delta and the embedded objects of a prepared executable or `.pup.o` companion.
  ///
  /// `cache`: where the delta is looked for, and kept; `nil` does neither.
  ///
  /// Throws: what is wrong with the file, or that `pupcc` did not make it.
  package static func read(
    _ path: String, cache: DeltaCache? = nil
  ) throws(ImageFailure) -> ProgramImage {
    let parts = try partsOfPrepared(path)
    let delta = try delta(parts.delta, path, cache)
    return image(delta, try embedded(parts.objects, path))
  }

  /// The same, on two processors.
  @concurrent package static func readConcurrently(
    _ path: String, cache: DeltaCache?
  ) async throws(ImageFailure) -> ProgramImage {
    let parts = try partsOfPrepared(path)
    async let objects = embeddedOrFailure(parts.objects, path)
    let delta = try delta(parts.delta, path, cache)
    return image(delta, try await objects.get())
  }

  @concurrent private static func embeddedOrFailure(
    _ bytes: [UInt8], _ path: String
  ) async -> Result<[ObjectFile], ImageFailure> {
    do throws(ImageFailure) {
      return .success(try embedded(bytes, path))
    } catch {
      return .failure(error)
    }
  }

  private static func image(_ delta: Delta, _ objects: [ObjectFile]) -> ProgramImage {
    ProgramImage(delta: delta, objects: objects.map { delta.linkNames?.applied(to: $0) ?? $0 })
  }

  private static func partsOfPrepared(
    _ path: String
  ) throws(ImageFailure) -> (delta: [UInt8], objects: [UInt8]) {
    guard let parts = try elf({ () throws(ELFFailure) in try parts(path) }) else {
      throw try elf { () throws(ELFFailure) in try whatIsMissing(path) }
    }
    return parts
  }

  private static func delta(
    _ section: [UInt8], _ path: String, _ cache: DeltaCache?
  ) throws(ImageFailure) -> Delta {
    if let known = cache?.delta(of: section) { return known }
    let delta = try decode(try json(section, path), path)
    guard delta.procedures.contains(where: { !$0.declaredAt.file.isEmpty }) else {
      throw .noDebugInformation(file: path)
    }
    cache?.keep(delta, of: section)
    return delta
  }

  /// The build ID that a plain-JSON `.delta` companion names.
  package static func buildID(ofDelta path: String) throws(ImageFailure) -> String {
    let bytes = try elf { () throws(ELFFailure) in try ELFReader.bytes(atPath: path) }
    return try decode(bytes, path).buildID.rawValue
  }

  /// The two sections of a program or of its companion object; `nil` if it has none.
  private static func parts(
    _ path: String
  ) throws(ELFFailure) -> (delta: [UInt8], objects: [UInt8])? {
    let bytes = try ELFReader.bytes(atPath: path)
    do throws(ELFFailure) {
      let program = try ELFProgram(bytes, name: path)
      guard let delta = program.section(named: PreparedName.delta),
        let objects = program.section(named: PreparedName.embeddedObject)
      else { return nil }
      return (program.contents(of: delta), program.contents(of: objects))
    } catch {
      guard case .wrongKind = error else { throw error }
    }
    let object = try ELFReader.object(bytes, name: path)
    guard let delta = object.section(named: PreparedName.delta),
      let objects = object.section(named: PreparedName.embeddedObject)
    else { return nil }
    return (object[delta].contents, object[objects].contents)
  }

  /// Why a file has no `parts`: that `pupcc` linked it is still shown by its loaded part when they
  /// are gone, and that its objects come from `pupcc` by their copies.
  private static func whatIsMissing(_ path: String) throws(ELFFailure) -> ImageFailure {
    do throws(ELFFailure) {
      let program = try ELFProgram(atPath: path)
      if program.section(named: PreparedName.table) != nil { return .stripped(file: path) }
      let hasCopies = program.section(named: PreparedName.embeddedObject) != nil
      return hasCopies ? .linkedElsewhere(file: path) : .notPrepared(file: path)
    } catch {
      guard case .wrongKind = error else { throw error }
      return .notPrepared(file: path)
    }
  }

  /// The text in `.pup_delta`: magic, size in bytes, zlib stream.
  private static func json(_ section: [UInt8], _ path: String) throws(ImageFailure) -> [UInt8] {
    guard section.count > 16, Array(section.prefix(8)) == Array("PUPDELT1".utf8) else {
      throw .elf(.malformed(file: path, what: PreparedName.delta))
    }
    let size = section.dropFirst(8).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    return try elf { () throws(ELFFailure) in
      try Compression.inflate(
        Array(section.dropFirst(16)), expectedByteCount: Int(clamping: size), file: path)
    }
  }

  private struct Format: Decodable { var format: Int }

  private static func decode(_ json: [UInt8], _ path: String) throws(ImageFailure) -> Delta {
    let data = Data(json)
    guard let format = (try? JSONDecoder().decode(Format.self, from: data))?.format else {
      throw .elf(.malformed(file: path, what: "the delta"))
    }
    guard format == Delta.currentFormat else {
      throw .otherFormat(file: path, found: format, known: Delta.currentFormat)
    }
    guard let delta = try? JSONDecoder().decode(Delta.self, from: data) else {
      throw .elf(.malformed(file: path, what: "the delta"))
    }
    return delta
  }

  private static func embedded(
    _ bytes: [UInt8], _ path: String
  ) throws(ImageFailure) -> [ObjectFile] {
    let entries: [EmbeddedObjects.Entry]
    do throws(EmbeddingFailure) {
      entries = try EmbeddedObjects.parse(bytes)
    } catch {
      throw .elf(.malformed(file: path, what: PreparedName.embeddedObject))
    }
    var objects: [ObjectFile] = []
    for entry in entries {
      objects.append(
        try elf { () throws(ELFFailure) in
          try ELFReader.object(
            try Compression.inflate(
              entry.compressed, expectedByteCount: entry.byteCount, file: path), name: path)
        })
    }
    return objects
  }

  private static func elf<Result>(
    _ body: () throws(ELFFailure) -> Result
  ) throws(ImageFailure) -> Result {
    do throws(ELFFailure) {
      return try body()
    } catch {
      throw .elf(error)
    }
  }
}
